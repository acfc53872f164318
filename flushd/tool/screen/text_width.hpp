/// Measures and shortens texts for a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace flushd::tool {

/// The columns that a text takes on a terminal: two for a wide character such as those of Chinese
/// and most emoji, none for one that combines with the one before (Unicode 15: East Asian Width W
/// and F; general categories Mn and Me, and the zero-width ones, of the scripts in use). A byte
/// that is not UTF-8 takes one.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Shortens a text to at most `width` columns by removing its middle, because both ends of a domain
/// are significant: "very-long..customer.tld".
[[nodiscard]] std::string shorten(std::string_view text, std::size_t width);

/// The same, by removing the end: for a sentence.
[[nodiscard]] std::string shorten_end(std::string_view text, std::size_t width);

} // namespace flushd::tool
