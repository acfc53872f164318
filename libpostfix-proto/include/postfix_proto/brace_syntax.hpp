/// Parses lists of items in a configuration value, where braces protect separators inside an item
/// (Postfix 3.7: util/mystrtok.c, util/balpar.c, util/extpar.c).
#pragma once

#include "postfix_proto/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

/// The separators of the items of a list: comma and blanks (Postfix: CHARS_COMMA_SP).
inline constexpr std::string_view list_separators = ", \t\r\n";

/// Whether Postfix considers the character white space (ISSPACE): the six characters of C's
/// isspace().
[[nodiscard]] bool is_space(char c) noexcept;

/// The text without white space at either end.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

/// Takes the next line off the front, without its newline; the last one may lack it.
[[nodiscard]] std::string_view take_line(std::string_view& text) noexcept;

/// Takes the next item off the front of a list. A separator inside balanced `{}` does not end the
/// item; an item with an unclosed brace extends to the end. Returns nothing when no item is left.
[[nodiscard]] std::optional<std::string_view> next_item(std::string_view& list) noexcept;

/// The length of the `{...}` that the text starts with, braces included; 0 when it starts with
/// something else or the brace is never closed.
[[nodiscard]] std::size_t braced_length(std::string_view text) noexcept;

/// "{ text }" without its braces and the white space inside them, a part of the argument. Anything
/// after the closing brace is an error. The error is for a log line.
[[nodiscard]] result<std::string_view, std::string> strip_braces(std::string_view text);

} // namespace postfix_proto
