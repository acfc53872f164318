/// Tests whether text is well-formed UTF-8 as defined by RFC 3629 (Postfix 3.7:
/// util/valid_utf8_string.c, util/allascii.c).
#pragma once

#include <cstddef>
#include <string_view>

namespace postfix_proto {

/// Whether every byte is below 0x80. The empty text is ASCII.
[[nodiscard]] bool is_ascii(std::string_view text) noexcept;

/// The length, 1 to 4, of the well-formed sequence that `text` starts with: no overlong form, no
/// surrogate, nothing above U+10FFFF. 0 when there is none, or when `text` is empty.
[[nodiscard]] std::size_t utf8_sequence_length(std::string_view text) noexcept;

/// Whether the text is well-formed throughout. Control characters are, and so is the empty text.
[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

} // namespace postfix_proto
