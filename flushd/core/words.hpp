/// Takes apart the lines of the daemon's own files.
#pragma once

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace flushd {

/// Removes the first word and the blank after it from the front of `text`.
inline std::string_view take_word(std::string_view& text) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return word;
}

/// Nothing unless the whole text is a number, and not too large for the type.
template <typename Number>
[[nodiscard]] std::optional<Number> whole_number(std::string_view text) {
    Number result{};
    const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (error != std::errc() || last != text.data() + text.size())
        return std::nullopt;
    return result;
}

} // namespace flushd
