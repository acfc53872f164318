/// Lower-cases and compares ASCII text. Private to the library.
#pragma once

#include <algorithm>
#include <string_view>

namespace postfix_proto {

[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Whether `text` is the lower-case `expected`, in any case.
[[nodiscard]] inline bool is_in_any_case(std::string_view text,
                                         std::string_view expected) noexcept {
    return std::equal(text.begin(), text.end(), expected.begin(), expected.end(),
                      [](char a, char b) { return to_lower(a) == b; });
}

} // namespace postfix_proto
