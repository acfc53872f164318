/// Decodes attribute lists incrementally, from input that may arrive in any number of pieces.
#pragma once

#include "postfix_proto/attribute_form.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace postfix_proto {

/// A streaming decoder without I/O for lists in one of the forms. One can go on with the next list
/// where the one before has ended. For a list whose attributes are known, attribute_scanner is the
/// shorter way.
///
/// Bytes may arrive split at any point. Names and values are reported one by one, because Postfix
/// rejects a list at the first unexpected name, before it has seen the value.
///
/// A nested list begins with the name `{` and ends with `}`, both without a value. In the plain and
/// the base64 form the line tells that it has none. In the NUL form these are names as any other,
/// followed by a value, unless the reader expects a nested list and says so with expect_name().
class attribute_decoder {
public:
    /// The input is used up and the current string is not complete.
    struct need_more {};
    /// The view is valid until the next call.
    struct name {
        /// At least one byte.
        std::string_view text;
        /// False for a line that has only a name: what comes next is not its value.
        bool has_value = true;
    };
    /// In the base64 form, decoded; may have NUL bytes in it there and in the plain form.
    struct value {
        /// May be empty.
        std::string_view text;
    };
    struct end_of_list {};
    /// A name or value is longer than the limit. The decoder must not be used further.
    struct too_long {};
    /// Base64 form: a name or value is none. The decoder must not be used further.
    struct malformed {};

    /// One of these at a time.
    using event = std::variant<need_more, name, value, end_of_list, too_long, malformed>;

    /// Postfix itself sets no limit. This one is far above any site name or queue ID, and keeps a
    /// client from making the server hold arbitrary amounts.
    static constexpr std::size_t default_string_limit = 8192;

    /// The limit is for a string as it travels, so that base64 leaves three quarters of it.
    explicit attribute_decoder(std::size_t string_limit = default_string_limit,
                               attribute_form form = attribute_form::nul) noexcept
        : string_limit_(string_limit), form_(form), is_simple_(form == attribute_form::nul) {}

    /// Takes bytes from the front of `input` until there is something to report.
    event next(std::string_view& input);

    /// After a name with a value: the value is passed over, of whatever length and content, and
    /// what is reported next is what comes after it.
    void skip_value() noexcept;

    /// After a name, in the NUL form: no value of it follows, as with the `{` and the `}` of a
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
