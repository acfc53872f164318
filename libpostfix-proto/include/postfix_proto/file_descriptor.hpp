/// Owns a file descriptor and closes it.
#pragma once

#include <unistd.h>

#include <utility>

namespace postfix_proto {

/// Closes the descriptor that it holds. Errors of close(2) are not reported: code that must know
/// that data arrived has checked write(2).
class file_descriptor {
public:
    /// Holds none.
    file_descriptor() noexcept = default;
    /// Owns `fd` from now on; a negative number is none.
    explicit file_descriptor(int fd) noexcept : fd_(fd) {}
    /// Takes it over from `other`, which then holds none.
    file_descriptor(file_descriptor&& other) noexcept : fd_(other.release()) {}
    /// The same, and closes the one held before.
    file_descriptor& operator=(file_descriptor&& other) noexcept {
        reset(other.release());
        return *this;
    }
    file_descriptor(const file_descriptor&) = delete;
    file_descriptor& operator=(const file_descriptor&) = delete;
    ~file_descriptor() { reset(); }

    /// The number, negative when there is none. Still owned here.
    [[nodiscard]] int get() const noexcept { return fd_; }
    /// Whether it holds one.
    explicit operator bool() const noexcept { return fd_ >= 0; }
    /// Gives it up without closing: the caller owns it now.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    /// Owns `fd` in its place, and closes the one held before.
    void reset(int fd = -1) noexcept {
        if (const int old = std::exchange(fd_, fd); old >= 0)
            ::close(old);
    }

private:
    int fd_ = -1;
};

} // namespace postfix_proto
