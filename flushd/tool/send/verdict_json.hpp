/// Prints what came of a send as JSON; flushd(1) describes the objects.
#pragma once

#include "flushd/tool/send/verdict.hpp"

#include <string>

namespace flushd::tool {

/// One line, with a newline: {"event":"progress",...}.
[[nodiscard]] std::string progress_line(const message_watch::counts& all,
                                        std::chrono::milliseconds elapsed);

/// One line, with a newline: {"event":"result",...}.
[[nodiscard]] std::string result_line(const verdict& all);

} // namespace flushd::tool
