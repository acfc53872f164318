#include "flushd/tool/metrics/metrics_collector.hpp"

#include "flushd/tool/metrics/queue_metrics.hpp"
#include "flushd/tool/metrics/service_metrics.hpp"
#include "flushd/tool/postfix/foreign_file.hpp"
#include "flushd/tool/postfix/live_service.hpp"
#include "flushd/tool/queue/listed_sites.hpp"
#include "flushd/tool/queue/queue_survey.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <thread>
#include <utility>
#include <vector>

namespace flushd::tool {

using postfix_proto::errno_text;

namespace {

// A service that is alive answers at once; a client that waits for it is a delivery agent.
constexpr std::chrono::seconds patience{5};

/// Waits for the lock, which the service holds only during a write. The service does not wait for
/// us: it tries again a second later. If another program keeps the lock, the file is read anyway.
void wait_for_writer(int file) {
    constexpr int attempts = 20;
    for (int n = 0; n < attempts && ::flock(file, LOCK_SH | LOCK_NB) < 0; ++n)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

/// If no flushd has written counters yet, sets `problem` and returns none.
counter_sums read_counters(const postfix_proto::postconf_result& parameters, std::string& problem) {
    const auto& data_directory = parameters.get("data_directory");
    const auto path = counters_file::path(data_directory, parameters.get("flush_service_name"));
    const auto file = open_foreign_file({data_directory, path.substr(data_directory.size() + 1)});
    int error = errno;
    problem.clear();
    if (file) {
        wait_for_writer(file.get());
        const auto content = postfix_proto::read_to_end(file.get(), counters_file::longest);
        if (content)
            return parse_counters(*content);
        error = content.error().value();
    }
    problem = fmt::format("no counters, all are shown as 0: {}: {}; the service creates the file "
                          "if mail_owner may",
                          path, errno_text(error));
    return {};
}

} // namespace

metrics_collector::metrics_collector(instance postfix, std::size_t top)
    : postfix_(std::move(postfix)), top_(top) {}

void metrics_collector::add_service(metric_text& text, queue_context& queue,
                                    const listing_index& listed) {
    auto sites = listed.summaries();
    std::erase_if(sites, [](const site_summary& site) { return site.listed == 0; });
    const auto sums = read_counters(postfix_.parameters(), remark_);
    add_service_metrics(text, sums, std::move(sites), queue.names(), top_, std::time(nullptr));
}

std::string metrics_collector::collect() {
    const auto began = std::chrono::steady_clock::now();
    queue_context queue(postfix_);
    queue_figures figures(read_queue_lifetimes(postfix_.parameters()));
    listing_index listed;
    if (may_read_queue())
        listed = {read_listed_sites(queue.layout()), std::nullopt};
    const auto survey = survey_queue(queue, [&](const waiting_message& message) {
        if (stopped_)
            throw tool_error("stopped");
        listed.count(message);
        figures.add(message);
    });
    metric_text text;
    if (survey.from_postqueue) {
        remark_ = "without the figures of the service, which only root and mail_owner may read";
    } else {
        figures.tell_names(queue.names());
        add_service(text, queue, listed);
    }
    figures.write(text, top_);
    text.gauge("postfix_queue_damaged_messages", "Queue files that could not be read to the end.",
               static_cast<std::int64_t>(survey.damaged));

    // Nobody learns anything of a service that may not be asked.
    const auto answer = ask_for_nothing(postfix_, patience).outcome;
    if (answer != postfix_proto::flush_outcome::forbidden)
        text.gauge("postfix_flush_up", "Whether the flush service answers.",
                   answer == postfix_proto::flush_outcome::ok ? 1 : 0);
    const std::chrono::duration<double> length = std::chrono::steady_clock::now() - began;
    text.begin("postfix_flush_collection_seconds", "gauge", "How long it took to collect this.");
    text.series_text(fmt::format("{:.6f}", length.count()));
    text.gauge("postfix_flush_collected_timestamp_seconds", "When this was collected.",
               std::time(nullptr));
    return text.text();
}

std::string metrics_collector::collect_anew() {
    try {
        postfix_ = enter_queue_directory(postfix_.config_directory());
    } catch (const tool_error&) {
        // Somebody is about to change it, or mail_owner may not read it.
    }
    return collect();
}

} // namespace flushd::tool
