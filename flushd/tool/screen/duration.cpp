#include "flushd/tool/screen/duration.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace flushd::tool {

using std::chrono::seconds;

namespace {

constexpr std::int64_t minute = 60, hour = 60 * minute, day = 24 * hour, week = 7 * day;
constexpr std::int64_t longest = 100 * 365 * day;

std::int64_t unit_of(char letter) {
    switch (letter) {
    case 's':
        return 1;
    case 'm':
        return minute;
    case 'h':
        return hour;
    case 'd':
        return day;
    case 'w':
        return week;
    default:
        return 0;
    }
}

} // namespace

std::optional<seconds> parse_duration(std::string_view text) {
    std::int64_t total = 0;
    std::int64_t unit_before = longest;
    if (text.empty())
        return std::nullopt;
    while (!text.empty()) {
        std::uint32_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc())
            return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        std::int64_t unit = 1; // of a number without a letter, which must stand alone
        if (!text.empty()) {
            unit = unit_of(text.front());
            text.remove_prefix(1);
        } else if (unit_before != longest) {
            return std::nullopt;
        }
        if (unit == 0 || unit >= unit_before)
            return std::nullopt;
        unit_before = unit;
        total += number * unit;
        if (total > longest)
            return std::nullopt;
    }
    return seconds(total);
}

std::string format_duration(seconds length) {
    const std::int64_t s = length.count();
    if (s <= 0)
        return "0s";
    if (s < minute)
        return fmt::format("{}s", s);
    if (s < hour)
        return fmt::format("{}m", s / minute);
    if (s < day)
        return s % hour < minute ? fmt::format("{}h", s / hour)
                                 : fmt::format("{}h {}m", s / hour, s % hour / minute);
    if (s < 10 * day && s % day >= hour)
        return fmt::format("{}d {}h", s / day, s % day / hour);
    return fmt::format("{}d", s / day);
}

} // namespace flushd::tool
