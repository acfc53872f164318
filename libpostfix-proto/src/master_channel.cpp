#include "postfix_proto/master_channel.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace postfix_proto {

namespace {

/// master(8)'s MASTER_STATUS as it lies in memory.
struct status_message {
    int pid;
    unsigned generation;
    int avail;
};
static_assert(sizeof(status_message) == 3 * sizeof(int));

constexpr int patience_ms = 1000;

} // namespace

void set_master_descriptors_close_on_exec(int socket_count) noexcept {
    for (int fd = master_flow_read_descriptor; fd < first_listen_descriptor + socket_count; ++fd)
        if (const int flags = ::fcntl(fd, F_GETFD); flags >= 0)
            ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

bool master_channel::notify(availability state) const noexcept {
    const status_message message{pid_, generation_, static_cast<int>(state)};
    bool waited = false;
    for (;;) {
        // One write: master(8) takes a message that comes in parts for a sign of confusion.
        const auto written = ::write(fd_, &message, sizeof message);
        if (written >= 0)
            return written == static_cast<ssize_t>(sizeof message);
        if (errno == EINTR)
            continue;
        // The descriptor is a blocking one, unless an event loop in this process has changed that.
        if (errno != EAGAIN || waited)
            return false;
        pollfd writable{fd_, POLLOUT, 0};
        (void)::poll(&writable, 1, patience_ms);
        waited = true;
    }
}

bool master_channel::master_gone() const noexcept {
    // master(8) never sends anything, so that readable means end of file.
    pollfd readable{fd_, POLLIN, 0};
    return ::poll(&readable, 1, 0) > 0;
}

} // namespace postfix_proto
