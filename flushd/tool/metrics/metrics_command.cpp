#include "flushd/core/replace_file.hpp"
#include "flushd/tool/command.hpp"
#include "flushd/tool/metrics/exporter.hpp"
#include "flushd/tool/metrics/http_answer.hpp"
#include "flushd/tool/metrics/listen_address.hpp"
#include "flushd/tool/metrics/metrics_collector.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/privileges.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace flushd::tool {

namespace {

struct metrics_options {
    std::filesystem::path output; // absolute; empty for standard output
    std::size_t top = 20;
    std::optional<listen_address> listen{};
};

/// The collector may read at any time, and is another user. It overlooks the file that is being
/// written, because that is not called *.prom.
void write_metrics(const std::string& path, const std::string& text) {
    if (const auto written = replace_file(path, text, {.mode = 0644}); !written)
        throw tool_error(written.error(), EX_CANTCREAT);
}

/// The queue belongs to mail_owner, whose rights are enough.
void drop_root(const instance& postfix) {
    if (::geteuid() != 0)
        return;
    try {
        postfix_proto::enter_jail({.user = postfix.parameters().get("mail_owner")});
    } catch (const postfix_proto::startup_error& error) {
        throw tool_error(error.what(), EX_NOPERM);
    }
}

void serve(metrics_collector& collector, listen_address address) {
    auto socket = listen_on(address);
    drop_root(collector.postfix());
    fmt::print(stderr, "flushd: metrics are at http://{}{}\n", to_text(address), metrics_path);
    run_exporter(
        std::move(socket), [&collector] { return collector.collect_anew(); },
        [&collector] { collector.stop(); });
}

void run(const global_options& global, const metrics_options& options) {
    if (options.listen && !options.output.empty())
        throw tool_error("--listen and --output exclude each other", EX_USAGE);
    metrics_collector collector(enter_queue_directory(global.config_directory), options.top);
    if (options.listen)
        return serve(collector, *options.listen);
    const auto text = collector.collect();
    if (!collector.remark().empty())
        fmt::print(stderr, "flushd: {}\n", collector.remark());
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
        "For node_exporter's textfile collector, flushd-metrics.timer runs it each minute; without "
        "node_exporter, flushd-exporter.service serves the same. The package enables neither. "
        "Alert rules for Prometheus and a dashboard for Grafana are in share/flushd.");
    command.parsed({"-o,--output", "Replace FILE instead of printing to standard output"}, "FILE",
                   [options](const std::string& path) -> std::string {
                       if (!path.empty())
                           options->output = std::filesystem::absolute(path);
                       return {};
                   });
    command.number({"-n,--top",
                    "Report the N destinations and servers with the most mail individually "
                    "(default: 20)"},
                   options->top);
    command.parsed({"--listen",
                    "Serve the metrics over HTTP at this address (9619: port 9619 of 127.0.0.1), "
                    "until a signal ends it"},
                   "[HOST:]PORT", [options](const std::string& text) -> std::string {
                       options->listen = parse_listen_address(text);
                       return options->listen ? "" : "not [HOST:]PORT with a numeric host: " + text;
                   });
    command.action([options, &global] { run(global, *options); });
}

} // namespace flushd::tool
