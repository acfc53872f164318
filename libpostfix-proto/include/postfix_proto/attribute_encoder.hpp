/// Attribute lists as Postfix daemons send them to each other, in the NUL form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postfix_proto {

/// Builds `name NUL value NUL ... NUL`: the empty name ends the list (attr_print0, Postfix 3.7).
///
///     attribute_encoder().add("status", 0).finish()   is   "status\0" "0\0" "\0"
///
/// Names and values must not contain a NUL byte; what follows one is cut off, so that a value
/// cannot forge another attribute.
class attribute_encoder {
public:
    attribute_encoder& add(std::string_view name, std::string_view value);

    /// Integers travel as unsigned decimal numbers: -1 as 4294967295.
    attribute_encoder& add(std::string_view name, std::int32_t value);

    /// Ends the list. The encoder is empty afterwards and can be used for the next one.
    [[nodiscard]] std::string finish();

private:
    std::string bytes_;
};

} // namespace postfix_proto
