#include "postfix_proto/proxymap_protocol.hpp"

#include "postfix_proto/attribute_encoder.hpp"

#include <array>
#include <charconv>

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

using attribute_names = std::array<std::string_view, 2>;
constexpr attribute_names announcement_names = {"protocol", ""};
constexpr attribute_names open_names = {"status", "flags"};
constexpr attribute_names lookup_names = {"status", "value"};
constexpr std::string_view protocol_name = "proxymap_protocol";

const attribute_names& names_of(proxymap_reply_decoder::expected what) {
    switch (what) {
    case proxymap_reply_decoder::expected::announcement:
        return announcement_names;
    case proxymap_reply_decoder::expected::open_reply:
        return open_names;
    case proxymap_reply_decoder::expected::lookup_reply:
        break;
    }
    return lookup_names;
}

bool parse_number(std::string_view text, std::uint32_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

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

proxymap_reply_decoder::proxymap_reply_decoder(expected what) : what_(what) {}

proxymap_reply_decoder::progress proxymap_reply_decoder::feed(std::string_view& input) {
    const attribute_names& names = names_of(what_);
    for (;;) {
        const auto event = decoder_.next(input);
        if (std::holds_alternative<attribute_decoder::need_more>(event))
            return progress::need_more;
        const bool is_done = position_ == names.size() || names[position_].empty();
        if (std::holds_alternative<attribute_decoder::end_of_list>(event))
            return is_done ? progress::complete : progress::malformed;
        if (const auto* name = std::get_if<attribute_decoder::name>(&event)) {
            if (is_done || name->text != names[position_])
                return progress::malformed;
        } else if (const auto* value = std::get_if<attribute_decoder::value>(&event)) {
            if (!take_value(value->text))
                return progress::malformed;
            ++position_;
        } else {
            return progress::malformed;
        }
    }
}

bool proxymap_reply_decoder::take_value(std::string_view text) {
    if (what_ == expected::announcement)
        return text == protocol_name;
    if (position_ == 0)
        return parse_number(text, status_);
    if (what_ == expected::open_reply)
        return parse_number(text, flags_);
    value_ = text;
    return true;
}

bool proxymap_reply_decoder::keys_are_fixed() const noexcept { return (flags_ & flag_fixed) != 0; }

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
