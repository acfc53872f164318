#include "flushd/tool/check/check.hpp"
#include "flushd/tool/command.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
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

check::check(const instance& where)
    : where_(where), service_(where.parameters().get("flush_service_name")),
      master_cf_(where.config_directory() + "/master.cf"),
      main_cf_(where.config_directory() + "/main.cf"), master_(find_master(where)),
      log_(std::make_unique<collecting_sink>(complaints_)) {}

unsigned check::run() {
    const auto entry = check_entry();
    read_main_cf(entry);
    check_release();
    check_domains();
    check_restrictions();
    check_flush_directory();
    if (master_) {
        check_answer(entry);
        check_queue_manager();
        check_age();
        check_mail();
    } else {
        found_.error("Postfix is not running, so its services and its queue were not checked: "
                     "{}",
                     command("postfix", "start"));
    }
    return found_.count();
}

std::string check::command(std::string_view program, std::string_view arguments) const {
    return postfix_command(where_, program, arguments);
}

std::string check::mend_field(const service_entry& entry, std::string_view change) const {
    return fmt::format("{}, then {}",
                       command("postconf", fmt::format("-F {}/{}", entry.name, change)),
                       command("postfix", "reload"));
}

void add_check(CLI::App& app, const global_options& global) {
    command_options command(app, "check", "Look for problems that keep ETRN from working");
    command.action([&global] {
        if (::geteuid() != 0)
            throw tool_error(
                fmt::format("only root can read all that is checked: run \"{}\" as root",
                            postfix_command(instance(global.config_directory), "flushd", "check")),
                EX_NOPERM);
        const auto where = enter_queue_directory(global.config_directory);
        if (check(where).run() > 0)
            throw exit_request(1);
    });
}

} // namespace flushd::tool
