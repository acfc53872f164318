/// Draws the age of the oldest mail of each destination.
#pragma once

#include "flushd/tool/status/html_page.hpp"

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>

namespace flushd::tool {

/// The picture of a large queue shows so many.
inline constexpr std::size_t most_bars = 20;

/// Returns an SVG element with a bar for each of the rows whose mail has waited longest, at most
/// `most_bars`; "" if none waits. Lengths are in per cent of the width and texts in pixels, so that
/// it can be read at any width.
[[nodiscard]] std::string age_picture(const html_report& report);

/// How close the mail of a group is to its return.
enum class urgency {
    none,  ///< most of its time is left
    some,  ///< half of its time has passed
    great, ///< four fifths have passed
};
[[nodiscard]] urgency urgency_of(const waiting_group& group, std::time_t now);

/// The name of a class of CSS; the page's style has its colour.
[[nodiscard]] std::string_view class_of(urgency how);

} // namespace flushd::tool
