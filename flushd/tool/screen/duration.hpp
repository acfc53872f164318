/// Parses and formats lengths of time for the operator.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace flushd::tool {

/// "90", "90s", "30m", "2h", "3d", "1w" and sums of them, the larger units first: "1h30m". Nothing
/// for anything else, and for more than 100 years.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// The two largest units that matter: "45s", "12m", "2h 5m", "3d 4h", "112d". Negative ones are
/// "0s".
[[nodiscard]] std::string format_duration(std::chrono::seconds length);

} // namespace flushd::tool
