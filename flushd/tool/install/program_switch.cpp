#include "flushd/tool/install/program_switch.hpp"

#include "flushd/tool/postfix/file_image.hpp"
#include "flushd/tool/postfix/live_service.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <chrono>

namespace flushd::tool {

namespace {

/// The limit for a service that is already running.
constexpr std::chrono::seconds quick_answer_limit{3};

void refuse_unless_root(const instance& where, const std::string& command) {
    if (::geteuid() != 0)
        throw tool_error(fmt::format("only root can change master.cf: run \"{}\" as root, or "
                                     "\"{}\" to see what it would change",
                                     postfix_command(where, "flushd", command),
                                     postfix_command(where, "flushd", command + " --dry-run")),
                         EX_NOPERM);
}

} // namespace

void refuse_fixed_file(const std::string& path, std::string_view advice) {
    if (const auto why = why_not_replaceable(path))
        throw tool_error(fmt::format("{}: nothing has been changed. {}", *why, advice),
                         EX_CANTCREAT);
}

void print_dry_run() { fmt::print("dry run: nothing has been changed\n"); }

program_switch::program_switch(const instance& where, const switch_direction& to, bool is_dry_run)
    : where_(where), to_(to), is_dry_run_(is_dry_run) {
    if (!is_dry_run)
        refuse_unless_root(where, std::string(to.command));
    entry_ = find_flush_service(where);
    if (entry_.program() != stock_program && entry_.program() != our_program)
        throw tool_error(
            fmt::format("{} in {} runs \"{}\", which is neither flush nor flushd: nothing has been "
                        "changed",
                        entry_.name, master_cf(), entry_.program()),
            EX_CONFIG);
}

bool program_switch::is_in_effect() const {
    return is_dry_run_ || !find_master(where_) ||
           wait_for_answer(where_, to_.program, quick_answer_limit).process != 0;
}

void program_switch::refuse_fixed_master_cf() const {
    refuse_fixed_file(master_cf(),
                      fmt::format("Put this line into the source of {}, then run \"{}\" here, or "
                                  "restart:\n{}",
                                  master_cf(), postfix_command(where_, "postfix", "reload"),
                                  entry_.text_with(to_.program)));
}

void program_switch::show_nothing_to_do(std::string_view remark) const {
    fmt::print("nothing to do: {} in {} {}{}\n", entry_.name, master_cf(), to_.state, remark);
}

void program_switch::show_silence() const {
    fmt::print("{} in {} {}, but it does not answer yet\n", entry_.name, master_cf(), to_.state);
}

void program_switch::show_change() const {
    fmt::print("{} (the old one is saved as {}):\n{}", master_cf(), saved_master_cf(where_),
               tool::show_change(entry_, to_.program));
}

std::optional<pid_t> program_switch::apply(const accompanying_change& others) const {
    return change_program(where_, entry_, to_.program, others);
}

void program_switch::report(const std::optional<pid_t>& process) const {
    if (process)
        fmt::print("Postfix has been reloaded: {} answers on {}, process {}\n", to_.program,
                   where_.public_socket(where_.parameters().get("flush_service_name")), *process);
    else
        fmt::print("Postfix is not running: only files have been changed; {} serves after the next "
                   "\"{}\"\n",
                   to_.program, postfix_command(where_, "postfix", "start"));
}

} // namespace flushd::tool
