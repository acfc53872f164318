/// Records the time of a logfile's last send in an extended attribute of the file.
#pragma once

#include "postfix_proto/result.hpp"

#include <ctime>

namespace flushd {

/// Notes the time in the logfile. Without room, or on a file system that has no such attributes,
/// nothing is noted: that is not worth failing a send for.
void note_sent(int fd, const timespec& time) noexcept;

/// When a flushd has sent the logfile last, as far as it could note that in the file's extended
/// attributes (with the file, whatever is read or written there; a copy may lack it).
/// errc::no_message_available when there is no note, errc::not_supported where there can be none.
[[nodiscard]] postfix_proto::result<timespec> sent_time(int fd);

} // namespace flushd
