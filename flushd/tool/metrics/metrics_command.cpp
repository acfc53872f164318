#include "flushd/core/replace_file.hpp"
#include "flushd/tool/command.hpp"
#include "flushd/tool/metrics/metrics.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/postfix/foreign_file.hpp"
#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace flushd::tool {

using postfix_proto::errno_text;

namespace {

struct metrics_options {
    std::filesystem::path output; // absolute; empty for standard output
    std::size_t top = 20;
};

/// Waits for the lock, which the service holds only during a write. The service does not wait for
/// us: it tries again a second later. If another program keeps the lock, the file is read anyway.
void wait_for_writer(int file) {
    constexpr int attempts = 20;
    for (int n = 0; n < attempts && ::flock(file, LOCK_SH | LOCK_NB) < 0; ++n)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

/// If no flushd has written counters yet, prints a message and returns none.
counter_sums read_counters(const std::string& data_directory, const std::string& service) {
    const auto path = counters_file::path(data_directory, service);
    const auto file = open_foreign_file({data_directory, path.substr(data_directory.size() + 1)});
    int error = errno;
    if (file) {
        wait_for_writer(file.get());
        const auto content = postfix_proto::read_to_end(file.get(), counters_file::longest);
        if (content)
            return parse_counters(*content);
        error = content.error().value();
    }
    fmt::print(stderr,
               "flushd: no counters, all are shown as 0: {}: {}; the service creates the file if "
               "mail_owner may\n",
               path, errno_text(error));
    return {};
}

/// The collector may read at any time, and is another user. It overlooks the file that is being
/// written, because that is not called *.prom.
void write_metrics(const std::string& path, const std::string& text) {
    if (const auto written = replace_file(path, text, {.mode = 0644}); !written)
        throw tool_error(written.error(), EX_CANTCREAT);
}

void run(const global_options& global, const metrics_options& options) {
    queue_context queue(enter_queue_directory(global.config_directory));
    const auto& parameters = queue.postfix().parameters();
    std::vector<site_summary> sites;
    for (const auto& site : read_listed_sites(queue.layout()))
        if (!site.ids.empty())
            sites.push_back(summarise(site, queue.files()));
    const auto sums =
        read_counters(parameters.get("data_directory"), parameters.get("flush_service_name"));
    const auto text =
        format_metrics(sums, std::move(sites), queue.names(), options.top, std::time(nullptr));
    if (!options.output.empty())
        return write_metrics(options.output, text);
    fmt::print("{}", text);
    if (std::fflush(stdout) != 0)
        throw tool_error("cannot write", EX_IOERR);
}

} // namespace

void add_metrics(CLI::App& app, const global_options& global) {
    auto options = std::make_shared<metrics_options>();
    command_options command(app, "metrics", "Print metrics for Prometheus");
    command.footer(
        "Run it as root from cron(8) or a timer, for node_exporter's textfile collector; Debian's "
        "reads /var/lib/prometheus/node-exporter/*.prom. The service keeps its counters in "
        "flushd.counters in Postfix's data_directory. A dashboard for Grafana is in share/flushd.");
    command.parsed({"-o,--output", "Replace FILE instead of printing to standard output"}, "FILE",
                   [options](const std::string& path) -> std::string {
                       if (!path.empty())
                           options->output = std::filesystem::absolute(path);
                       return {};
                   });
    command.number({"-n,--top",
                    "Report the N destinations with the most deferred mail individually "
                    "(default: 20)"},
                   options->top);
    command.action([options, &global] { run(global, *options); });
}

} // namespace flushd::tool
