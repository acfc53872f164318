#include "flushd/tool/queue/deciding_item.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/casefold.hpp"
#include "postfix_proto/domain_list.hpp"
#include "postfix_proto/errors.hpp"
#include "postfix_proto/log.hpp"

#include <fmt/format.h>

namespace flushd::tool {

using namespace postfix_proto;

namespace {

match_result match(const std::string& list, std::string_view site,
                   const flush_parameters& parameters) {
    logger silent(nullptr);
    try {
        return domain_list("fast_flush_domains", list,
                           {.match_parents = parameters.match_parent_domains,
                            .utf8 = parameters.smtputf8,
                            .joins_list_lines = parameters.joins_list_lines,
                            .berkeley_db = parameters.berkeley_db},
                           silent)
            .match(site);
    } catch (const startup_error&) {
        return match_result::failed;
    }
}

/// The item that excludes exactly this site, as part of the list; else an empty text.
std::string_view find_exclusion(std::string_view list, std::string_view site) {
    const auto wanted = '!' + casefold(site, true);
    for (auto rest = list; const auto item = next_item(rest);)
        if (casefold(*item, true) == wanted)
            return *item;
    return {};
}

} // namespace

list_decision find_deciding_item(std::string_view list, std::string_view site,
                                 const flush_parameters& parameters) {
    bool knows_all = true;
    for (auto rest = list; const auto item = next_item(rest);) {
        const std::string alone(*item);
        const auto matched = match(alone, site, parameters);
        if (matched == match_result::matched)
            return {list_decision::kind::includes, alone};
        // Followed by an item that matches everything, only one that excludes prevents a match.
        // This is also true of a file whose lines exclude.
        if (matched != match_result::failed &&
            match(alone + ", static:all", site, parameters) == match_result::not_matched)
            return {list_decision::kind::excludes, alone};
        // A table alone can only include. The lines of a file may exclude, too.
        if (matched == match_result::failed && (alone.front() == '!' || alone.front() == '/'))
            knows_all = false;
    }
    return {knows_all ? list_decision::kind::none : list_decision::kind::unknown, {}};
}

std::string list_including(std::string_view list, std::string_view site, const list_decision& now) {
    list = trim(list);
    switch (now.what) {
    case list_decision::kind::includes:
        return std::string(list);
    case list_decision::kind::none:
        return with_domain(list, site);
    case list_decision::kind::excludes:
        if (const auto item = find_exclusion(list, site); !item.empty())
            return std::string(list).replace(static_cast<std::size_t>(item.data() - list.data()),
                                             item.size(), site);
        break;
    case list_decision::kind::unknown:
        break;
    }
    return list.empty() ? std::string(site) : fmt::format("{}, {}", site, list);
}

std::string with_domain(std::string_view list, std::string_view domain) {
    const auto end = list.find_last_not_of(", \t\n");
    list = list.substr(0, end == std::string_view::npos ? 0 : end + 1);
    return list.empty() ? std::string(domain) : fmt::format("{}, {}", list, domain);
}

} // namespace flushd::tool
