/// Holds back SIGHUP, SIGINT and SIGTERM during a change that may have to be undone.
#pragma once

#include <csignal>

namespace flushd::tool {

/// As long as there is one, these signals do not end the program; they are noted, and who waits for
/// something looks.
class interrupt_guard {
public:
    interrupt_guard();
    interrupt_guard(const interrupt_guard&) = delete;
    interrupt_guard& operator=(const interrupt_guard&) = delete;
    ~interrupt_guard();

    /// Whether one has come since the first guard of those that there are was made.
    [[nodiscard]] static bool is_interrupted() noexcept;
    /// Throws tool_error when one has come.
    static void check();

private:
    static constexpr int count = 3;
    struct sigaction old_[count] {};
};

} // namespace flushd::tool
