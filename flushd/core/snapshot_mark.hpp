/// Defines the line that marks how far a logfile has been read.
#pragma once

#include <string>
#include <string_view>

namespace flushd {

/// Makes a line, without its newline, that no logfile has had before.
///
/// For every other reader it is the ID of a message that has gone: stock flush(8) looks for it in
/// vain and says nothing. No message has such an ID: Postfix's short IDs are hexadecimal digits,
/// and its long ones have no vowels (mail_queue.h, Postfix 3.7).
[[nodiscard]] std::string make_mark();

/// Whether a line is a mark, of whatever process. One that a crash has left behind means nothing.
[[nodiscard]] bool is_mark(std::string_view line) noexcept;

/// Whether the text of a logfile has no lines but marks. A line that is no queue ID is one, too.
[[nodiscard]] bool has_only_marks(std::string_view lines) noexcept;

} // namespace flushd
