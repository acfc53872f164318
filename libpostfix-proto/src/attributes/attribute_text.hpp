/// Quotes and parses names and values of attributes, for the decoders. Private to the library.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

/// The beginning of a text from a peer, in quotes, for the log or for a terminal. (The name is not
/// "quoted", which could be confused with std::quoted().)
[[nodiscard]] inline std::string quote_for_log(std::string_view text) {
    constexpr std::size_t longest_shown = 100;
    std::string shown(text.substr(0, longest_shown));
    std::replace_if(
        shown.begin(), shown.end(),
        [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
    return fmt::format("\"{}{}\"", shown, text.size() > longest_shown ? "..." : "");
}

/// Converts all of `text`, a decimal number without a sign. Nothing if it does not fit the type.
template <typename Unsigned>
[[nodiscard]] std::optional<Unsigned> parse_number(std::string_view text) {
    Unsigned number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

} // namespace postfix_proto
