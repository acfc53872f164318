#include "flushd/tool/command.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/queue/eligibility_hint.hpp"
#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/rebuild/rebuild.hpp"
#include "flushd/tool/screen/counted.hpp"
#include "flushd/tool/screen/service_errors.hpp"
#include "flushd/tool/screen/terminal.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace flushd::tool {

namespace {

// The limit for one add. The service may wait for a stock flush(8) that holds a logfile's lock.
constexpr std::chrono::minutes add_limit{5};

struct rebuild_options {
    std::vector<std::string> sites;
};

void run(const global_options& global, const rebuild_options& options) {
    queue_context queue(enter_queue_directory(global.config_directory));
    queue.refuse_without_services("only root may do that");
    std::optional<std::set<logfile_name>> wanted;
    if (!options.sites.empty())
        wanted = queue.logfiles_of(options.sites);

    const auto begin = std::chrono::steady_clock::now();
    rebuild work(queue.flush_settings(add_limit), queue.showq_settings(),
                 read_listed_sites(queue.layout(), wanted), queue.names(), wanted,
                 {postfix_command(queue.postfix(), "postfix", "start"),
                  postfix_command(queue.postfix(), "postqueue", "-p"),
                  postfix_command(queue.postfix(), "postqueue", "-f")});
    status_line line;
    work.on_progress([&](const rebuild::counts& now) {
        line.show(fmt::format("{} read, {} added", counted(now.messages, "message"), now.added));
    });
    work.run();
    line.clear();

    const auto& result = work.result();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    fmt::print("{} checked in {:.1f} s: {} added for {}, {} already listed, {} not eligible\n",
               counted(result.messages, "deferred message"), seconds.count(), result.added,
               counted(work.eligible().size(), "destination"), result.listed, result.denied);
    int status = 0;
    const auto denied = work.denied();
    for (const auto& site : options.sites) {
        if (!denied.contains(queue.logfile_of(site)))
            continue;
        fmt::print(stderr, "flushd: {}",
                   eligibility_hint(queue.postfix(), queue.sites_named(site).front()));
        status = EX_UNAVAILABLE;
    }
    if (result.failed > 0)
        throw tool_error(
            fmt::format("{} could not be added: {}", result.failed, work.first_failure()),
            EX_TEMPFAIL);
    if (status != 0)
        throw exit_request(status);
}

} // namespace

void add_rebuild(CLI::App& app, const global_options& global) {
    auto options = std::make_shared<rebuild_options>();
    command_options command(app, "rebuild", "List mail that is already deferred");
    command.footer(
        "Run it after the first installation, and after a change of fast_flush_domains. Otherwise "
        "mail is listed only when its next delivery attempt fails, hours later, or after "
        "`sendmail -q`. It delivers nothing and skips what is already listed, so it can be run at "
        "any time.");
    command.arguments("SITE", options->sites, "List mail only for these destinations");
    command.action([options, &global] { run(global, *options); });
}

} // namespace flushd::tool
