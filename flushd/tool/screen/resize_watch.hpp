/// Waits, but not longer than until the terminal's size changes.
#pragma once

#include <chrono>
#include <csignal>

namespace flushd::tool {

/// Takes SIGWINCH while it exists. There is one at a time.
class resize_watch {
public:
    resize_watch();
    resize_watch(const resize_watch&) = delete;
    resize_watch& operator=(const resize_watch&) = delete;
    ~resize_watch();

    /// Returns true as soon as the size has changed, also before the call; false at the end of the
    /// time. `fd` is watched, too, unless it is -1: true when it can be read.
    [[nodiscard]] bool wait_until(std::chrono::steady_clock::time_point end, int fd = -1) const;
    /// Whether the size has changed since the last call.
    [[nodiscard]] bool take_change() const noexcept;

private:
    struct sigaction old_action_ {};
    sigset_t old_mask_{};
};

} // namespace flushd::tool
