#include "flushd/tool/metrics/metrics_collector.hpp"

#include "flushd/tool/metrics/service_metrics.hpp"
#include "flushd/tool/postfix/foreign_file.hpp"
#include "flushd/tool/queue/queue_context.hpp"
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

std::string metrics_collector::collect() {
    queue_context queue(postfix_);
    std::vector<site_summary> sites;
    for (const auto& site : read_listed_sites(queue.layout()))
        if (!site.ids.empty())
            sites.push_back(summarise(site, queue.files()));
    const auto sums = read_counters(postfix_.parameters(), missing_counters_);
    metric_text text;
    add_service_metrics(text, sums, std::move(sites), queue.names(), top_, std::time(nullptr));
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
