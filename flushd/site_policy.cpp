#include "flushd/site_policy.hpp"

namespace flushd {

using postfix_proto::match_result;

site_policy::site_policy(const flush_parameters& parameters, postfix_proto::logger& log)
    : domains_("fast_flush_domains", parameters.fast_flush_domains,
               {.match_parents = parameters.match_parent_domains,
                .utf8 = parameters.smtputf8,
                .open_error_is_fatal = parameters.table_open_error_is_fatal},
               log),
      to_ascii_({.transitional = parameters.idna2003_compatible}), log_(log) {}

site_policy::verdict site_policy::resolve(std::string_view site) {
    switch (domains_.match(site)) {
    case match_result::matched:
        break;
    case match_result::not_matched:
        return refusal::denied;
    case match_result::failed:
        return refusal::unknown;
    }
    std::string name(site);
    if (!postfix_proto::is_address_literal(site)) {
        auto ascii = to_ascii_(site);
        if (!ascii) {
            log_.warning("cannot convert domain \"{}\" to ASCII: {}", site.substr(0, 100),
                         ascii.error);
            return refusal::denied;
        }
        name = std::move(ascii.name);
    }
    if (auto file = site_file::from_site(name))
        return *std::move(file);
    return refusal::denied;
}

} // namespace flushd
