/// Parses Postfix time values such as `1h` or `300s`.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace postfix_proto {

/// Converts a time value: a decimal number and one unit letter, `s`, `m`, `h`, `d` or `w`; without
/// a letter `default_unit` counts. Nothing is returned for an empty or negative number, an unknown
/// unit, or a result that does not fit an int's worth of seconds (68 years).
///
/// Kept quirk of Postfix (global/conv_time.c, 3.5 to 3.12): blanks before the number, a `+` sign,
/// and whatever follows the unit letter are accepted, so `10min` is ten minutes and `1h30m` one
/// hour. A configuration that stock takes must not keep its replacement from starting.
[[nodiscard]] std::optional<std::chrono::seconds> parse_time_value(std::string_view text,
                                                                   char default_unit);

} // namespace postfix_proto
