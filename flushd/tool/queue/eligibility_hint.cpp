#include "flushd/tool/queue/eligibility_hint.hpp"

#include "flushd/tool/postfix/master_cf.hpp"
#include "flushd/tool/postfix/shell_command.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace flushd::tool {

std::string with_domain(std::string_view list, std::string_view domain) {
    const auto end = list.find_last_not_of(", \t\n");
    list = list.substr(0, end == std::string_view::npos ? 0 : end + 1);
    return list.empty() ? std::string(domain) : fmt::format("{}, {}", list, domain);
}

namespace {

/// postconf(1) accepts no blanks in an option of master.cf.
std::string without_blanks(std::string_view list) {
    std::string result;
    for (std::size_t begin = 0; begin < list.size();) {
        const auto end = std::min(list.find_first_of(", \t\n", begin), list.size());
        if (end > begin)
            result.append(result.empty() ? "" : ",").append(list.substr(begin, end - begin));
        begin = end + 1;
    }
    return result;
}

} // namespace

std::string eligibility_hint(const instance& postfix, std::string_view site) {
    auto list = postfix.run_checked("postconf", {"-h", "fast_flush_domains"});
    const auto assigned = [&](std::string_view value) {
        return shell_word("fast_flush_domains = " + with_domain(value, site));
    };
    // The value as written in main.cf, with $relay_domains unexpanded. Delivery agents use this
    // value; the service uses that of its own entry in master.cf, if it has one.
    std::vector<std::string> commands{postfix_command(postfix, "postconf", "-e " + assigned(list))};
    if (const auto own = own_setting(postfix, "fast_flush_domains"))
        commands.push_back(postfix_command(
            postfix, "postconf",
            "-P " + shell_word(fmt::format("{}/fast_flush_domains={}",
                                           flush_service_entry_name(postfix),
                                           without_blanks(with_domain(*own, site))))));
    commands.push_back(postfix_command(postfix, "postfix", "reload"));
    commands.push_back(
        postfix_command(postfix, "flushd", fmt::format("rebuild {}", shell_word(site))));
    return fmt::format("{} is not eligible: it is not in fast_flush_domains. To have its mail "
                       "listed from now on:\n"
                       "{}",
                       postfix_proto::printable(site), indented(commands));
}

} // namespace flushd::tool
