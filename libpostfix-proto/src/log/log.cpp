#include "postfix_proto/log.hpp"

#include "postfix_proto/utf8.hpp"

namespace postfix_proto {

namespace {

/// The C1 controls, U+0080 to U+009F: well-formed, but terminals act on them.
bool is_c1_control(std::string_view sequence) {
    return sequence.size() == 2 && sequence[0] == '\xC2' &&
           static_cast<unsigned char>(sequence[1]) < 0xA0U;
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
        const std::string_view sequence = text.substr(0, utf8_sequence_length(text));
        const bool is_safe = sequence.size() == 1 ? text.front() >= ' ' && text.front() <= '~'
                                                  : !sequence.empty() && !is_c1_control(sequence);
        // Replace each unsafe byte, so that a log reader sees how many there were.
        if (is_safe)
            result += sequence;
        else
            result += '?';
        text.remove_prefix(is_safe ? sequence.size() : 1);
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
    } catch (...) { // out of memory for a log line: there is no way to report it
    }
}

} // namespace postfix_proto
