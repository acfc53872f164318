/// Holds back SIGHUP, SIGINT and SIGTERM during a change that may have to be undone.
#pragma once

#include <csignal>

namespace flushd::tool {

/// While a guard exists, these signals do not end the program. They are recorded, and code that
/// waits checks for them.
class interrupt_guard {
public:
    interrupt_guard();
    interrupt_guard(const interrupt_guard&) = delete;
    interrupt_guard& operator=(const interrupt_guard&) = delete;
    ~interrupt_guard();

    /// Whether a signal has arrived since the outermost guard was constructed.
    [[nodiscard]] static bool is_interrupted() noexcept;
    /// Throws tool_error if a signal has arrived.
    static void check();

private:
    static constexpr int count = 3;
    struct sigaction old_[count] {};
};

} // namespace flushd::tool
