/// Takes a shared flock(2) within a time limit. Private to the library.
#pragma once

#include <chrono>

namespace postfix_proto {

/// Holds a shared lock on a descriptor of the caller during its lifetime.
class shared_file_lock {
public:
    /// Tries at once, and then every few milliseconds for `patience`.
    shared_file_lock(int fd, std::chrono::milliseconds patience);
    shared_file_lock(const shared_file_lock&) = delete;
    shared_file_lock& operator=(const shared_file_lock&) = delete;
    ~shared_file_lock();

    /// 0 if the lock is held, EWOULDBLOCK if another process kept it, or another errno value.
    [[nodiscard]] int error() const noexcept { return error_; }

private:
    int fd_;
    int error_;
};

} // namespace postfix_proto
