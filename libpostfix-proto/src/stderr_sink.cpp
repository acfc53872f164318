#include "postfix_proto/stderr_sink.hpp"

#include "log_record.hpp"

#include <unistd.h>

namespace postfix_proto {

void stderr_sink::write(severity level, std::string_view text) noexcept {
    try {
        const auto line = fmt::format("{}: {}\n", name_, labelled_text(level, text));
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
    } catch (...) { // out of memory while making a log line: there is nobody left to tell
    }
}

} // namespace postfix_proto
