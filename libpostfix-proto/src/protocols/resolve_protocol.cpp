#include "postfix_proto/resolve_protocol.hpp"

#include "postfix_proto/attribute_encoder.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace postfix_proto {

namespace {

constexpr std::size_t all_attributes = 5;

// In the flags: a table that is needed could not be asked (resolve_clnt.h).
constexpr std::int32_t flag_fail = 1 << 3;

} // namespace

std::string encode_resolve_query(std::string_view sender, std::string_view address) {
    return attribute_encoder()
        .add("request", "resolve")
        .add("sender", sender)
        .add("address", address)
        .finish();
}

resolve_reply::resolve_reply()
    : scanner_({{"flags", server_flags_},
                {"transport", transport_},
                {"nexthop", nexthop_},
                {"recipient", recipient_},
                {"flags", flags_}}) {}

std::string resolve_reply::complaint() const {
    if (scanner_.count() < all_attributes)
        return fmt::format("{} of {} attributes", scanner_.count(), all_attributes);
    if ((flags_ & flag_fail) != 0)
        return "a table could not be asked, says the service";
    return transport_.empty() ? "no transport" : "";
}

} // namespace postfix_proto
