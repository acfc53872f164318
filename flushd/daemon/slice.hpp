/// Shares the worker thread among requests.
#pragma once

#include <chrono>

namespace flushd {

/// How long the worker is at one piece of a long work before somebody else's turn comes: a site
/// that is sent, a logfile that is compacted, a look around.
inline constexpr std::chrono::milliseconds slice{5};

} // namespace flushd
