// What the log sinks share. Private to the library.
#pragma once

#include "postfix_proto/log.hpp"

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

} // namespace postfix_proto
