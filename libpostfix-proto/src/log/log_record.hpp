// Formats the text and the time of a record, for all log sinks. Private to the library.
#pragma once

#include "postfix_proto/log.hpp"

#include <array>
#include <ctime>
#include <string>
#include <string_view>

namespace postfix_proto {

/// Longest text of a record: older syslog implementations take 2048 bytes in all (util/msg_syslog.c
/// and util/msg_logger.c, Postfix 3.7).
inline constexpr std::size_t max_record_text = 2000;

/// `label: text`, or `text` for info. Text past the limit is cut off before a UTF-8 character.
inline std::string labelled_text(severity level, std::string_view text) {
    if (text.size() > max_record_text) {
        std::size_t end = max_record_text;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
            --end;
        text = text.substr(0, end);
    }
    const auto label = severity_label(level);
    return label.empty() ? std::string(text) : fmt::format("{}: {}", label, text);
}

/// `Mmm dd HH:MM:SS`, local time. A day of one digit has `padding` before it. Not strftime(3): the
/// month's name must not depend on the locale.
inline std::string record_time(std::time_t when, char padding) {
    constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm local{};
    ::localtime_r(&when, &local);
    const std::string day = std::to_string(local.tm_mday);
    return fmt::format("{} {}{} {:02}:{:02}:{:02}",
                       months.at(static_cast<std::size_t>(local.tm_mon)),
                       day.size() < 2 ? std::string(1, padding) : std::string(), day, local.tm_hour,
                       local.tm_min, local.tm_sec);
}

} // namespace postfix_proto
