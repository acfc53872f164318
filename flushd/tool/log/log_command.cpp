#include "flushd/core/send_history.hpp"
#include "flushd/tool/command.hpp"
#include "flushd/tool/log/log_report.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/postfix/foreign_file.hpp"
#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/screen/terminal.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/errors.hpp"

#include <fmt/format.h>

#include <pwd.h>

#include <cstddef>
#include <cstdio>
#include <ctime>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace flushd::tool {

namespace {

struct log_options {
    std::vector<std::string> sites;
    std::size_t last = 20;
    bool json = false;
};

[[noreturn]] void refuse_without_history(const std::string& path, std::error_code why) {
    if (why == std::errc::no_such_file_or_directory)
        throw tool_error(fmt::format("no history of sends: {}: {}; flushd creates the file when "
                                     "Postfix starts it, if mail_owner may",
                                     path, why.message()));
    if (why == std::errc::permission_denied)
        throw tool_error(fmt::format("cannot read {}: {}: run this as root", path, why.message()),
                         EX_NOPERM);
    throw tool_error(fmt::format("cannot read {}: {}", path, why.message()), EX_NOINPUT);
}

std::vector<send_record> read_history(const instance& postfix) {
    const auto& parameters = postfix.parameters();
    const auto& directory = parameters.get("data_directory");
    const auto path = send_history::path(directory, parameters.get("flush_service_name"));
    const auto content = read_foreign_file({directory, path.substr(directory.size() + 1)},
                                           send_history::longest_file);
    if (!content)
        refuse_without_history(path, content.error());
    return parse_send_history(*content);
}

/// The sites that share a logfile are one destination.
void keep_sites(std::vector<send_record>& sends, queue_context& queue,
                const std::vector<std::string>& sites) {
    const auto wanted = queue.logfiles_of(sites);
    std::erase_if(sends, [&](const send_record& send) {
        const auto file = queue.names().logfile_of(send.site);
        return !file || !wanted.contains(*file);
    });
}

uid_t mail_owner_of(const instance& postfix) {
    const passwd* const entry = ::getpwnam(postfix.parameters().get("mail_owner").c_str());
    return entry == nullptr ? static_cast<uid_t>(-1) : entry->pw_uid;
}

void run(const global_options& global, const log_options& options) {
    queue_context queue(enter_queue_directory(global.config_directory));
    log_report all;
    all.now = std::time(nullptr);
    all.mail_owner = mail_owner_of(queue.postfix());
    all.sends = read_history(queue.postfix());
    if (!options.sites.empty())
        keep_sites(all.sends, queue, options.sites);
    if (options.last > 0 && all.sends.size() > options.last)
        all.sends.erase(all.sends.begin(),
                        all.sends.end() - static_cast<std::ptrdiff_t>(options.last));
    if (options.json)
        fmt::print("{}", log_json(all));
    else if (all.sends.empty())
        fmt::print("No send is recorded{}.\n",
                   options.sites.empty() ? "" : " for this destination");
    else
        fmt::print("{}", log_table(all, is_terminal(stdout) ? size_of_terminal(stdout).columns : 0,
                                   has_colour(stdout)));
    if (std::fflush(stdout) != 0)
        throw tool_error("cannot write", EX_IOERR);
}

} // namespace

void add_log(CLI::App& app, const global_options& global) {
    auto options = std::make_shared<log_options>();
    command_options command(app, "log", "Show the last sends and what came of them");
    command.footer("The service keeps the last 1000 sends in flushd.history in Postfix's "
                   "data_directory. A send is recorded when the queue manager is done with its "
                   "messages. BY is the user who asked; ETRN stands for Postfix's SMTP server.");
    command.arguments("SITE", options->sites, "Show only sends of these destinations");
    command.number({"-n,--last", "Show the last N sends (default: 20; 0: all)"}, options->last);
    command.flag({"--json", "Print JSON; times are seconds since 1970"}, options->json);
    command.action([options, &global] { run(global, *options); });
}

} // namespace flushd::tool
