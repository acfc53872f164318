/// Breaks text into lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace flushd::tool {

/// Breaks text between words, so that no line has more than `columns` columns unless a word is
/// longer. Each line but the first begins with `indent` blanks; the first is expected to begin in
/// that column, too.
[[nodiscard]] std::string wrapped_text(std::string_view text, std::size_t indent,
                                       std::size_t columns);

} // namespace flushd::tool
