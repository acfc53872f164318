/// Decodes attribute lists incrementally, from input that may arrive in any number of pieces.
#pragma once

#include "postfix_proto/attribute_form.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace postfix_proto {

/// A streaming decoder without I/O for lists in one of the forms. After the end of a list it
/// continues with the next one. To read a list whose attributes are known, attribute_scanner is
/// more convenient.
///
/// Bytes may arrive split at any point. Names and values are reported one by one, because Postfix
/// rejects a list at the first unexpected name, before it has seen the value.
///
/// A nested list begins with the name `{` and ends with `}`, both without a value. In the plain and
/// the base64 form the line shows that there is no value. In the NUL form these are names like any
/// other, followed by a value, unless the reader expects a nested list and calls expect_name().
class attribute_decoder {
public:
    /// The input is used up and the current string is not complete.
    struct need_more {};
    /// The view is valid until the next call.
    struct name {
        /// At least one byte.
        std::string_view text;
        /// False for a line that has only a name: the next event is not its value.
        bool has_value = true;
    };
    /// A value; decoded in the base64 form. It may contain NUL bytes in that form and in the plain
    /// form.
    struct value {
        /// May be empty.
        std::string_view text;
    };
    struct end_of_list {};
    /// A name or value is longer than the limit. The decoder must not be used further.
    struct too_long {};
    /// A name or value in the base64 form is not valid base64. The decoder must not be used
    /// further.
    struct malformed {};

    /// The result of one step.
    using event = std::variant<need_more, name, value, end_of_list, too_long, malformed>;

    /// Postfix itself sets no limit. This limit is far above the length of any site name or queue
    /// ID, and bounds the memory that a client can make the server use.
    static constexpr std::size_t default_string_limit = 8192;

    /// The limit applies to the encoded string, so a string in base64 may have three quarters of
    /// it.
    explicit attribute_decoder(std::size_t string_limit = default_string_limit,
                               attribute_form form = attribute_form::nul) noexcept
        : string_limit_(string_limit), form_(form), is_simple_(form == attribute_form::nul) {}

    /// Consumes bytes from the front of `input` up to the next event.
    event next(std::string_view& input);

    /// Call this after a name with a value to skip the value, whatever its length and content; the
    /// next event is the one after the value.
    void skip_value() noexcept;

    /// Call this after a name in the NUL form that has no value, such as the `{` and the `}` of a
    /// nested list.
    void expect_name() noexcept { expect_value_ = false; }

    /// As given to the constructor.
    [[nodiscard]] attribute_form form() const noexcept { return form_; }

private:
    event next_in_any_form(std::string_view& input);

    std::size_t string_limit_;
    attribute_form form_;
    bool is_simple_;       // the NUL form, and no value to pass over
    bool complete_ = true; // string_ has been reported
    bool expect_value_ = false;
    bool skip_ = false; // that value
    std::string string_;
};

} // namespace postfix_proto
