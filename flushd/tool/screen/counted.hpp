/// Formats a number together with its noun.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace flushd::tool {

/// "1 message", "2 messages".
[[nodiscard]] inline std::string counted(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

} // namespace flushd::tool
