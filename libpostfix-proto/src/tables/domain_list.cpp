#include "postfix_proto/domain_list.hpp"

#include "postfix_proto/errors.hpp"

#include <fmt/format.h>

namespace postfix_proto {

domain_list::domain_list(std::string_view parameter_name, std::string_view value,
                         const options& chosen, logger& log)
    : list_(parameter_name, value,
            chosen.match_parents ? match_list::style::parent_matches_below
                                 : match_list::style::dot_matches_below,
            {chosen.utf8, chosen.open_error_is_fatal, chosen.patience, chosen.joins_list_lines,
             chosen.berkeley_db},
            log) {}

bool parent_style_includes(std::string_view parent_domain_matches_subdomains,
                           std::string_view parameter_name, logger* log) {
    constexpr std::string_view parameter = "parent_domain_matches_subdomains";
    logger silent(nullptr);
    match_list list(parameter, parent_domain_matches_subdomains, match_list::style::exact,
                    {false, true}, log != nullptr ? *log : silent);
    switch (list.match(parameter_name)) {
    case match_result::matched:
        return true;
    case match_result::not_matched:
        return false;
    case match_result::failed:
        break;
    }
    throw startup_error(fmt::format("{}: cannot look up {}", parameter, parameter_name));
}

} // namespace postfix_proto
