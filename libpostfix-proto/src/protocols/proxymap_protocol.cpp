#include "postfix_proto/proxymap_protocol.hpp"

#include "postfix_proto/attribute_encoder.hpp"
#include "postfix_proto/release_traits.hpp"

#include <fmt/format.h>

namespace postfix_proto {

namespace {

// The values in util/dict.h, unchanged from Postfix 3.0 to 3.11.
constexpr std::uint32_t flag_fixed = 1U << 4U;
constexpr std::uint32_t flag_lock = 1U << 6U;
constexpr std::uint32_t flag_utf8_request = 1U << 19U;

/// The flags with which a domain list opens its tables. In the older form the client sends them
/// with each lookup, and none with "open".
constexpr std::int32_t list_flags = static_cast<std::int32_t>(flag_lock | flag_utf8_request);
constexpr std::int32_t no_flags = 0;

std::vector<wanted_attribute> wanted(proxymap_reply::expected what, proxymap_form form,
                                     std::int32_t& status, std::int32_t& flags,
                                     std::string& value) {
    std::vector<wanted_attribute> result{{"status", status}};
    if (what == proxymap_reply::expected::open || form == proxymap_form::instance_flags)
        result.emplace_back("flags", flags);
    if (what == proxymap_reply::expected::lookup)
        result.emplace_back("value", value);
    return result;
}

} // namespace

proxymap_form proxymap_form_of(mail_version version) {
    return has_trait(version, release_trait::proxymap_instance_flags)
               ? proxymap_form::instance_flags
               : proxymap_form::table_flags;
}

std::string encode_proxymap_open(std::string_view table, proxymap_form form) {
    attribute_encoder request;
    request.add("request", "open").add("table", table);
    if (form == proxymap_form::instance_flags)
        request.add("instance_flags", list_flags);
    else
        request.add("flags", no_flags);
    return request.finish();
}

std::string encode_proxymap_lookup(std::string_view table, std::string_view key, proxymap_form form,
                                   std::uint32_t table_flags) {
    attribute_encoder request;
    request.add("request", "lookup").add("table", table);
    if (form == proxymap_form::instance_flags)
        request.add("instance_flags", list_flags)
            .add("flags", static_cast<std::int32_t>(table_flags));
    else
        request.add("flags", list_flags);
    return request.add("key", key).finish();
}

proxymap_reply::proxymap_reply(expected what, proxymap_form form)
    : scanner_(wanted(what, form, status_, flags_, value_), scan_strictly) {}

proxymap_reply::progress proxymap_reply::feed(reply_decoder& from, std::string_view& input) {
    const auto result = scanner_.feed(from, input);
    // The reply has more attributes than expected. They would be taken for the next reply.
    return result == progress::complete && !scanner_.reason().empty() ? progress::malformed
                                                                      : result;
}

bool proxymap_keys_are_fixed(std::uint32_t table_flags) { return (table_flags & flag_fixed) != 0; }

bool proxymap_table_is_open(std::uint32_t status) {
    switch (static_cast<proxymap_status>(status)) {
    case proxymap_status::ok:
    case proxymap_status::no_key:
    case proxymap_status::retry:
    case proxymap_status::config:
        return true;
    default:
        return false;
    }
}

lookup_result proxymap_failure(std::uint32_t status, std::string_view table) {
    switch (static_cast<proxymap_status>(status)) {
    case proxymap_status::retry:
        return lookup_result::failed("the table fails in proxymap");
    case proxymap_status::config:
        return lookup_result::failed("the table is not in order, says proxymap");
    case proxymap_status::deny:
        return lookup_result::failed(fmt::format("proxymap is not configured for it: list proxy:{} "
                                                 "in proxy_read_maps, and reload Postfix",
                                                 table));
    case proxymap_status::bad:
        return lookup_result::failed("proxymap takes the request for an invalid one");
    default:
        return lookup_result::failed(fmt::format("unexpected status {} from proxymap", status));
    }
}

} // namespace postfix_proto
