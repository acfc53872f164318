#include "postfix_proto/time_value.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace postfix_proto {

namespace {

/// The seconds in a unit, or 0 for a letter that is not a unit.
int unit_seconds(char unit) {
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 60 * 60;
    case 'd':
        return 24 * 60 * 60;
    case 'w':
        return 7 * 24 * 60 * 60;
    default:
        return 0;
    }
}

} // namespace

std::optional<std::chrono::seconds> parse_time_value(std::string_view text, char default_unit) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\n\v\f\r"), text.size()));
    if (text.substr(0, 1) == "+")
        text.remove_prefix(1);
    // from_chars takes a minus sign, which Postfix refuses for any number but zero.
    if (text.empty() || text.front() < '0' || text.front() > '9')
        return std::nullopt;
    int number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc())
        return std::nullopt;
    const int unit = unit_seconds(rest == end ? default_unit : *rest);
    if (unit == 0)
        return std::nullopt;
    if (unit > 1 && number >= std::numeric_limits<int>::max() / unit)
        return std::nullopt;
    return std::chrono::seconds(number) * unit;
}

} // namespace postfix_proto
