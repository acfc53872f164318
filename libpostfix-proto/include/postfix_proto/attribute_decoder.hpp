/// Takes attribute lists in the NUL form apart, as the bytes come in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace postfix_proto {

/// A streaming decoder without I/O for `name NUL value NUL ... NUL`.
///
/// Bytes may arrive split at any point. Names and values are reported one by one, because Postfix
/// rejects a list at the first unexpected name, before it has seen the value.
class attribute_decoder {
public:
    /// The input is used up and the current string is not complete.
    struct need_more {};
    /// The view is valid until the next call.
    struct name {
        std::string_view text;
    };
    struct value {
        std::string_view text;
    };
    struct end_of_list {};
    /// A name or value is longer than the limit. The decoder must not be used further.
    struct too_long {};

    using event = std::variant<need_more, name, value, end_of_list, too_long>;

    /// Postfix itself sets no limit. This one is far above any site name or queue ID, and keeps a
    /// client from making the server hold arbitrary amounts.
    static constexpr std::size_t default_string_limit = 8192;

    explicit attribute_decoder(std::size_t string_limit = default_string_limit) noexcept
        : string_limit_(string_limit) {}

    /// Takes bytes from the front of `input` until there is something to report.
    event next(std::string_view& input);

private:
    std::size_t string_limit_;
    std::string string_;
    bool complete_ = true; // string_ has been reported
    bool expect_value_ = false;
};

} // namespace postfix_proto
