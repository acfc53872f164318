#include "flushd/tool/install/next_steps.hpp"

#include "flushd/tool/postfix/shell_command.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace flushd::tool {

namespace {

bool is_empty_list(const std::string& value) {
    return value.find_first_not_of(", \t\n") == std::string::npos;
}

void show_how_to_make_eligible(const instance& where, bool is_running) {
    std::vector<std::string> commands{
        postfix_command(where, "postconf", "-e 'fast_flush_domains = static:all'")};
    // Otherwise any client could have all mail sent.
    if (is_empty_list(where.run_checked("postconf", {"-h", "smtpd_etrn_restrictions"})))
        commands.push_back(postfix_command(
            where, "postconf", "-e 'smtpd_etrn_restrictions = permit_mynetworks, reject'"));
    commands.push_back(postfix_command(where, "postfix", is_running ? "reload" : "start"));
    commands.push_back(postfix_command(where, "flushd", "rebuild"));
    fmt::print(
        "no destination is eligible yet, as fast_flush_domains comes to nothing. To make all "
        "of them eligible, and list the mail that is already deferred:\n{}",
        indented(commands));
}

} // namespace

void show_next_steps(const instance& where, bool is_running) {
    if (is_empty_list(where.parameters().get("fast_flush_domains")))
        show_how_to_make_eligible(where, is_running);
    else if (is_running)
        fmt::print("mail that was deferred before its destination became eligible is not listed "
                   "yet: \"{}\" lists it\n",
                   postfix_command(where, "flushd", "rebuild"));
    fmt::print("next: \"{}\" looks for what keeps ETRN from working, \"{}\" shows the mail that "
               "waits\n",
               postfix_command(where, "flushd", "check"),
               postfix_command(where, "flushd", "status"));
}

} // namespace flushd::tool
