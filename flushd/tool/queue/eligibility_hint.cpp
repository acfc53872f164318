#include "flushd/tool/queue/eligibility_hint.hpp"

#include "flushd/tool/postfix/master_cf.hpp"
#include "flushd/tool/postfix/proxied_tables.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/queue/deciding_item.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace flushd::tool {

namespace {

constexpr const char* parameter = "fast_flush_domains";

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

std::string explain(const list_decision& now) {
    switch (now.what) {
    case list_decision::kind::none:
        break;
    case list_decision::kind::includes:
        return fmt::format("though {} includes it, by \"{}\": Postfix may not have read that yet",
                           parameter, now.item);
    case list_decision::kind::excludes:
        return fmt::format("\"{}\" in {} excludes it", now.item, parameter);
    case list_decision::kind::unknown:
        return fmt::format("a table or file in {} may exclude it", parameter);
    }
    return fmt::format("it is not in {}", parameter);
}

} // namespace

std::string eligibility_hint(const instance& postfix, std::string_view site) {
    const auto compared = read_flush_parameters(postfix.parameters());
    const auto decide = [&](const std::string& list) {
        return find_deciding_item(list, site, compared);
    };
    // The value as written in main.cf, with $relay_domains unexpanded. Delivery agents use this
    // value; the service uses that of its own entry in master.cf, if it has one.
    const auto list = postfix.run_checked("postconf", {"-h", parameter});
    auto decision = decide(postfix.parameters().get(parameter));
    std::vector<std::string> commands;
    if (decision.what != list_decision::kind::includes)
        commands.push_back(
            postfix_command(postfix, "postconf",
                            "-e " + shell_word(fmt::format("{} = {}", parameter,
                                                           list_including(list, site, decision)))));
    if (const auto own = own_setting(postfix, parameter)) {
        decision = decide(expanded(postfix, parameter, *own));
        if (decision.what != list_decision::kind::includes)
            commands.push_back(postfix_command(
                postfix, "postconf",
                "-P " +
                    shell_word(fmt::format("{}/{}={}", flush_service_entry_name(postfix), parameter,
                                           without_blanks(list_including(*own, site, decision))))));
    }
    commands.push_back(postfix_command(postfix, "postfix", "reload"));
    commands.push_back(
        postfix_command(postfix, "flushd", fmt::format("rebuild {}", shell_word(site))));
    return fmt::format("{} is not eligible: {}. To have its mail listed from now on:\n{}",
                       postfix_proto::printable(site), postfix_proto::printable(explain(decision)),
                       indented(commands));
}

} // namespace flushd::tool
