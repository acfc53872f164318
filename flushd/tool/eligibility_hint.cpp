#include "flushd/tool/eligibility_hint.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

namespace flushd::tool {

namespace {

/// A word of the shell.
std::string in_shell_quotes(std::string_view text) {
    std::string result = "'";
    for (const char c : text)
        result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + '\'';
}

} // namespace

std::string with_domain(std::string_view list, std::string_view domain) {
    const auto end = list.find_last_not_of(", \t\n");
    list = list.substr(0, end == std::string_view::npos ? 0 : end + 1);
    return list.empty() ? std::string(domain) : fmt::format("{}, {}", list, domain);
}

std::string eligibility_hint(const instance& postfix, std::string_view site) {
    auto list = postfix.run_checked("postconf", {"-h", "fast_flush_domains"});
    // As it is in main.cf: with $relay_domains, not with what that is now.
    return fmt::format("{} is not eligible: fast_flush_domains does not have it. To have its mail "
                       "listed from now on:\n"
                       "    postconf -e {}\n"
                       "    postfix reload\n"
                       "    flushd rebuild {}\n",
                       postfix_proto::printable(site),
                       in_shell_quotes("fast_flush_domains = " + with_domain(list, site)), site);
}

} // namespace flushd::tool
