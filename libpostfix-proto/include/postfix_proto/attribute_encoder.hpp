/// Encodes attribute lists in the format that Postfix daemons exchange.
#pragma once

#include "postfix_proto/attribute_form.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace postfix_proto {

/// Builds a list in one of the forms (attr_print0(), attr_print64(), attr_print_plain(), Postfix
/// 3.7; the same from 3.5 to 3.10):
///
///     attribute_encoder().add("status", 0).finish()   is   "status\0" "0\0" "\0"
///
/// No value can forge another attribute: a name or a value is cut off at a NUL byte, in the plain
/// form also at a newline, and a name also at `=`. An attribute without a name, which would end the
/// list, is left out, and so is one that would end a nested list of the NUL form.
class attribute_encoder {
public:
    attribute_encoder() = default;
    /// Encodes lists in this form.
    explicit attribute_encoder(attribute_form form) noexcept : form_(form) {}

    /// Adds a string, which may be empty.
    attribute_encoder& add(std::string_view name, std::string_view value);

    /// Adds an integer, sent as an unsigned decimal number: -1 as 4294967295.
    attribute_encoder& add(std::string_view name, std::int32_t value);
    /// Adds an integer that Postfix sends as a long: -1 as 18446744073709551615.
    attribute_encoder& add(std::string_view name, std::int64_t value);

    /// Adds any bytes (SEND_ATTR_DATA), in base64 whatever the form.
    attribute_encoder& add_data(std::string_view name, std::string_view bytes);

    /// Begins a nested list (SEND_ATTR_HASH), to which all attributes up to its end belong; the
    /// reader takes it for a map from names to strings. Postfix does not support further nesting.
    attribute_encoder& open();
    /// Ends the nested list.
    attribute_encoder& close();

    /// Ends the list. The encoder is empty afterwards and can be used for the next one.
    [[nodiscard]] std::string finish();

    /// Returns the attributes added so far without ending the list (ATTR_FLAG_MORE); further ones
    /// belong to the same list.
    [[nodiscard]] std::string take();

private:
    void add_pair(std::string_view name, std::string_view value);

    attribute_form form_ = attribute_form::nul;
    bool is_nested_ = false;
    std::string bytes_;
};

} // namespace postfix_proto
