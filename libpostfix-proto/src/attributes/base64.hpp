/// Encodes and decodes base64. Private to the library.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

/// RFC 4648, section 4: with padding, without newlines.
[[nodiscard]] std::string encode_base64(std::string_view bytes);

/// Nothing when it is none. As in Postfix (util/base64_code.c, 3.7), what follows a padding is not
/// looked at, and neither are the bits that it leaves over.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

} // namespace postfix_proto
