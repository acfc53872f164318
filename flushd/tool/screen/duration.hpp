/// Parses and formats lengths of time for the operator.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace flushd::tool {

/// Parses "90", "90s", "30m", "2h", "3d", "1w" and sums of them, larger units first: "1h30m".
/// Returns nothing for any other text, and for more than 100 years.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// Formats the one or two largest units: "45s", "12m", "2h 5m", "3d 4h", "112d". A negative length
/// is "0s".
[[nodiscard]] std::string format_duration(std::chrono::seconds length);

} // namespace flushd::tool
