#include "postfix_proto/proxymap_protocol.hpp"

#include "postfix_proto/attribute_encoder.hpp"

#include <fmt/format.h>

namespace postfix_proto {

namespace {

// util/dict.h, the same from Postfix 3.0 to 3.10.
constexpr std::uint32_t flag_fixed = 1U << 4U;
constexpr std::uint32_t flag_lock = 1U << 6U;
constexpr std::uint32_t flag_utf8_request = 1U << 19U;

/// A list opens its tables with the latter two. The client does not send them with "open", as the
/// server takes them from each lookup.
constexpr std::int32_t open_flags = 0;
constexpr std::int32_t lookup_flags = static_cast<std::int32_t>(flag_lock | flag_utf8_request);

} // namespace

std::string encode_proxymap_open(std::string_view table) {
    return attribute_encoder()
        .add("request", "open")
        .add("table", table)
        .add("flags", open_flags)
        .finish();
}

std::string encode_proxymap_lookup(std::string_view table, std::string_view key) {
    return attribute_encoder()
        .add("request", "lookup")
        .add("table", table)
        .add("flags", lookup_flags)
        .add("key", key)
        .finish();
}

proxymap_reply::proxymap_reply(expected what)
    : scanner_({{"status", status_},
                what == expected::open ? wanted_attribute("flags", flags_)
                                       : wanted_attribute("value", value_)},
               scan_strictly) {}

proxymap_reply::progress proxymap_reply::feed(reply_decoder& from, std::string_view& input) {
    const auto result = scanner_.feed(from, input);
    // Of a list that goes on, what follows could not be told from the next reply.
    return result == progress::complete && !scanner_.reason().empty() ? progress::malformed
                                                                      : result;
}

bool proxymap_reply::keys_are_fixed() const noexcept {
    return (static_cast<std::uint32_t>(flags_) & flag_fixed) != 0;
}

lookup_result proxymap_failure(std::uint32_t status, std::string_view table) {
    switch (static_cast<proxymap_status>(status)) {
    case proxymap_status::retry:
        return lookup_result::failed("the table fails in proxymap");
    case proxymap_status::config:
        return lookup_result::failed("the table is not in order, says proxymap");
    case proxymap_status::deny:
        return lookup_result::failed(fmt::format(
            "proxymap is not configured for it: list proxy:{} in proxy_read_maps", table));
    case proxymap_status::bad:
        return lookup_result::failed("proxymap takes the request for an invalid one");
    default:
        return lookup_result::failed(fmt::format("unexpected status {} from proxymap", status));
    }
}

} // namespace postfix_proto
