#include "flushd/tool/check/check.hpp"
#include "flushd/tool/check/check_report.hpp"
#include "flushd/tool/command.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace flushd::tool {

using namespace postfix_proto;

namespace {

/// Collects the warnings that the daemon would have logged, each line once.
class collecting_sink : public log_sink {
public:
    explicit collecting_sink(std::vector<std::string>& lines) : lines_(lines) {}
    void write(severity level, std::string_view text) noexcept override {
        if (level != severity::info &&
            std::find(lines_.begin(), lines_.end(), text) == lines_.end())
            lines_.emplace_back(text);
    }

private:
    std::vector<std::string>& lines_;
};

} // namespace

check::check(const instance& where, findings& found)
    : where_(where), service_(where.parameters().get("flush_service_name")),
      master_cf_(where.config_directory() + "/master.cf"),
      main_cf_(where.config_directory() + "/main.cf"), is_root_(::geteuid() == 0),
      master_(find_master(where)), found_(found),
      log_(std::make_unique<collecting_sink>(complaints_)) {}

void check::run() {
    const auto entry = check_entry();
    read_main_cf(entry);
    check_release();
    check_domains();
    check_smtp_servers();
    check_flush_directory();
    if (!is_root_) {
        check_as_user();
    } else if (master_) {
        check_answer(entry);
        check_queue_manager();
        check_age();
        check_mail();
    } else {
        found_.error("Postfix is not running, so its services and its queue were not checked: "
                     "{}",
                     command("postfix", "start"));
    }
}

std::string check::command(std::string_view program, std::string_view arguments) const {
    return postfix_command(where_, program, arguments);
}

std::string check::mend_field(const service_entry& entry, std::string_view change) const {
    return fmt::format("{}, then {}",
                       command("postconf", fmt::format("-F {}/{}", entry.name, change)),
                       command("postfix", "reload"));
}

namespace {

struct check_options {
    bool json = false, quiet = false;
};

void run_checks(const global_options& global, findings& found) {
    const auto where = enter_queue_directory(global.config_directory);
    check(where, found).run();
}

void run(const global_options& global, const check_options& options) {
    findings found(!options.json && !options.quiet);
    try {
        run_checks(global, found);
    } catch (const tool_error& error) {
        found.unknown("{}", error.what());
    }
    if (options.json)
        fmt::print("{}", json_of(found));
    else if (options.quiet)
        fmt::print("{}", summary_of(found));
    if (std::fflush(stdout) != 0)
        throw tool_error("cannot write", static_cast<int>(check_status::unknown));
    if (const auto status = status_of(found); status != check_status::ok)
        throw exit_request(static_cast<int>(status));
}

} // namespace

void add_check(CLI::App& app, const global_options& global) {
    auto options = std::make_shared<check_options>();
    command_options command(app, "check", "Look for problems that keep ETRN from working");
    command.footer(
        "The exit status is 0 when all is well, 1 after a warning, 2 after an error, and "
        "3 when something could not be found out: that of a Nagios plugin.");
    command.flag({"-q,--quiet", "Print one line, for Nagios: FLUSHD WARNING - ..."},
                 options->quiet);
    command.flag({"--json", "Print JSON"}, options->json);
    command.action([&global, options] { run(global, *options); });
}

} // namespace flushd::tool
