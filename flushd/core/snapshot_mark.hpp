/// Defines the line that marks how far a logfile has been read.
#pragma once

#include <string>
#include <string_view>

namespace flushd {

/// Makes a line, without its newline, that no logfile has had before.
///
/// To every other reader, it is the ID of a message that no longer exists: stock flush(8) does not
/// find it, and logs nothing. No message can have such an ID: Postfix's short IDs are hexadecimal
/// digits, and its long ones have no vowels (mail_queue.h, Postfix 3.7).
[[nodiscard]] std::string make_mark();

/// Whether a line is a mark, of any process. A mark that a crash has left behind has no meaning.
[[nodiscard]] bool is_mark(std::string_view line) noexcept;

/// Whether all lines in the text of a logfile are marks. True for an empty text.
[[nodiscard]] bool has_only_marks(std::string_view lines) noexcept;

} // namespace flushd
