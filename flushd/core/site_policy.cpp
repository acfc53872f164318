#include "flushd/core/site_policy.hpp"

namespace flushd {

using postfix_proto::match_result;

site_policy::site_policy(const flush_parameters& parameters, postfix_proto::logger& log)
    : domains_("fast_flush_domains", parameters.fast_flush_domains,
               {.match_parents = parameters.match_parent_domains,
                .utf8 = parameters.smtputf8,
                .open_error_is_fatal = parameters.table_open_error_is_fatal,
                .joins_list_lines = parameters.joins_list_lines,
                .berkeley_db = parameters.berkeley_db},
               log),
      to_ascii_({.transitional = parameters.idna2003_compatible}), cannot_convert_(log) {}

std::optional<site_policy::verdict> site_policy::resolve_now(std::string_view site) {
    if (is_too_long(site))
        return refusal::denied;
    auto query = domains_.start_match(site);
    const auto step = query.next();
    if (const auto* matched = std::get_if<match_result>(&step))
        return conclude(site, *matched);
    return std::nullopt;
}

boost::asio::awaitable<site_policy::verdict>
site_policy::resolve(std::string site, postfix_proto::proxymap_client& proxymap) {
    if (is_too_long(site))
        co_return refusal::denied;
    auto query = domains_.start_match(site);
    auto step = query.next();
    while (const auto* question = std::get_if<postfix_proto::remote_question>(&step)) {
        query.answer(co_await proxymap.ask(*question));
        step = query.next();
    }
    co_return conclude(site, std::get<match_result>(step));
}

site_policy::verdict site_policy::conclude(std::string_view site, match_result matched) {
    switch (matched) {
    case match_result::matched:
        break;
    case match_result::not_matched:
        return refusal::denied;
    case match_result::failed:
        return refusal::unknown;
    }
    if (auto file = find_file(site))
        return *std::move(file);
    return refusal::denied;
}

std::optional<logfile_name> site_policy::find_file(std::string_view site) {
    if (postfix_proto::is_address_literal(site))
        return logfile_name::from_site(site);
    const auto ascii = to_ascii_(site);
    if (ascii)
        return logfile_name::from_site(*ascii);
    cannot_convert_("cannot convert domain \"{}\" to ASCII: {}", site.substr(0, 100), ascii.error());
    return std::nullopt;
}

/// Whether the name is too long for a logfile. A UTF-8 name may be shorter in ASCII.
bool site_policy::is_too_long(std::string_view site) {
    return site.size() > postfix_proto::max_hostname_length && !find_file(site);
}

} // namespace flushd
