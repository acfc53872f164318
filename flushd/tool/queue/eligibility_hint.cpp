#include "flushd/tool/queue/eligibility_hint.hpp"

#include "flushd/tool/postfix/shell_command.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

namespace flushd::tool {

std::string with_domain(std::string_view list, std::string_view domain) {
    const auto end = list.find_last_not_of(", \t\n");
    list = list.substr(0, end == std::string_view::npos ? 0 : end + 1);
    return list.empty() ? std::string(domain) : fmt::format("{}, {}", list, domain);
}

std::string eligibility_hint(const instance& postfix, std::string_view site) {
    auto list = postfix.run_checked("postconf", {"-h", "fast_flush_domains"});
    // As it is in main.cf: with $relay_domains, not with what that is now.
    return fmt::format(
        "{} is not eligible: fast_flush_domains does not have it. To have its mail listed from now "
        "on:\n{}",
        postfix_proto::printable(site),
        indented(
            {postfix_command(postfix, "postconf",
                             "-e " + shell_word("fast_flush_domains = " + with_domain(list, site))),
             postfix_command(postfix, "postfix", "reload"),
             postfix_command(postfix, "flushd", fmt::format("rebuild {}", shell_word(site)))}));
}

} // namespace flushd::tool
