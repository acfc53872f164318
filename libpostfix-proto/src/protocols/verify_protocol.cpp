#include "postfix_proto/verify_protocol.hpp"

#include "postfix_proto/attribute_encoder.hpp"

#include <fmt/format.h>

#include <vector>

namespace postfix_proto {

namespace {

namespace attribute {
constexpr std::string_view request = "request";
constexpr std::string_view address = "address";
constexpr std::string_view status = "status";
constexpr std::string_view address_status = "recipient_status";
constexpr std::string_view reason = "reason";
} // namespace attribute

constexpr std::int32_t status_ok = 0;
constexpr std::int32_t status_bad = -2;

} // namespace

std::string encode_verify_query(std::string_view address) {
    return attribute_encoder()
        .add(attribute::request, "query")
        .add(attribute::address, address)
        .finish();
}

std::string encode_verify_update(std::string_view address, address_status status,
                                 std::string_view reason) {
    return attribute_encoder()
        .add(attribute::request, "update")
        .add(attribute::address, address)
        .add(attribute::address_status, static_cast<std::int32_t>(status))
        .add(attribute::reason, reason)
        .finish();
}

// The other attributes may be missing: a reply that reports a failure has only the status.
verify_reply::verify_reply(expected what)
    : expected_(what == expected::query ? 3 : 1),
      scanner_(what == expected::query
                   ? std::vector<wanted_attribute>{{attribute::status, status_},
                                                   {attribute::address_status, address_status_},
                                                   {attribute::reason, reason_}}
                   : std::vector<wanted_attribute>{{attribute::status, status_}}) {}

std::string verify_reply::complaint() const {
    if (scanner_.count() > 0 && status_ != status_ok)
        return status_ == status_bad ? "the request is malformed, says the service"
                                     : fmt::format("status {}", status_);
    if (scanner_.count() < expected_)
        return fmt::format("{} of {} attributes", scanner_.count(), expected_);
    if (address_status_ < static_cast<std::int32_t>(address_status::deliverable) ||
        address_status_ > static_cast<std::int32_t>(address_status::unknown))
        return fmt::format("unknown {} {}", attribute::address_status, address_status_);
    return {};
}

} // namespace postfix_proto
