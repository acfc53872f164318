/// Takes apart and compares addresses and names, as far as they are ASCII.
#pragma once

#include <string>
#include <string_view>

namespace flushd {

/// An ASCII letter in lower case; any other byte as it is.
[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The text with its ASCII letters in lower case.
[[nodiscard]] inline std::string lower_case(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        c = to_lower(c);
    return result;
}

/// The domain that delivery agents report: the part of the recipient's address after the last `@`
/// (global/defer.c, Postfix 3.5 to 3.10). Empty if there is none.
[[nodiscard]] inline std::string_view domain_of(std::string_view address) noexcept {
    const auto at = address.rfind('@');
    return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

} // namespace flushd
