/// Defines how requests share the worker thread.
#pragma once

#include <chrono>

namespace flushd {

/// How long the worker thread works on one piece of a long task (a send, a compaction, a walk
/// through the logfiles) before it turns to the next task.
inline constexpr std::chrono::milliseconds slice{5};

} // namespace flushd
