/// Encodes and decodes base64. Private to the library.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

/// RFC 4648, section 4: with padding, without newlines.
[[nodiscard]] std::string encode_base64(std::string_view bytes);

/// Returns nothing if the text is not valid. As in Postfix (util/base64_code.c, 3.7), the text
/// after a padding and the unused bits before it are ignored.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

} // namespace postfix_proto
