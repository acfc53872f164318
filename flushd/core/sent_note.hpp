/// Records the time of a logfile's last send in an extended attribute of the file.
#pragma once

#include "postfix_proto/result.hpp"

#include <ctime>

namespace flushd {

/// Stores the time with the logfile. Does nothing on a file system that is full or has no extended
/// attributes: the send should not fail for this.
void note_sent(int fd, const timespec& time) noexcept;

/// When a flushd has sent the logfile last, as far as it could note that in the file's extended
/// attributes (with the file, whatever is read or written there; a copy may lack it).
/// errc::no_message_available when there is no note, errc::not_supported where there can be none.
[[nodiscard]] postfix_proto::result<timespec> sent_time(int fd);

} // namespace flushd
