#include "postfix_proto/log.hpp"

#include <system_error>

namespace postfix_proto {

namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// The length of the well-formed UTF-8 sequence of two to four bytes that `text` starts with, or 0.
std::size_t utf8_sequence_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    std::size_t length = 0;
    unsigned code = 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
        code = lead & 0x1FU;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        code = lead & 0x0FU;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        code = lead & 0x07U;
    } else {
        return 0;
    }
    if (text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(text[i]))
            return 0;
        code = (code << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    const bool c1_control = code < 0xA0;
    return overlong || surrogate || c1_control || code > 0x10FFFF ? 0 : length;
}

} // namespace

std::string_view severity_label(severity level) noexcept {
    switch (level) {
    case severity::info:
        return "";
    case severity::warning:
        return "warning";
    case severity::error:
        return "error";
    case severity::fatal:
        return "fatal";
    case severity::panic:
        return "panic";
    }
    return "";
}

std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const char c = text.front();
        std::size_t length = 1;
        if (c >= ' ' && c <= '~') {
            result += c;
        } else if ((length = utf8_sequence_length(text)) > 0) {
            result += text.substr(0, length);
        } else {
            result += '?';
            length = 1;
        }
        text.remove_prefix(length);
    }
    return result;
}

logger::logger(std::unique_ptr<log_sink> sink, int verbosity)
    : sink_(std::move(sink)), verbosity_(verbosity) {}

void logger::replace_sink(std::unique_ptr<log_sink> sink) noexcept { sink_ = std::move(sink); }

void logger::write(severity level, std::string_view text) noexcept {
    try {
        if (sink_)
            sink_->write(level, printable(text));
    } catch (...) { // out of memory while making a log line: there is nobody left to tell
    }
}

std::string errno_text(int error_number) {
    return std::generic_category().message(error_number);
}

} // namespace postfix_proto
