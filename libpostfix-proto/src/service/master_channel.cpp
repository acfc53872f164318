#include "postfix_proto/master_channel.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace postfix_proto {

namespace {

constexpr int patience_ms = 1000;

} // namespace

/// master(8)'s MASTER_STATUS as it lies in memory.
struct master_channel::message {
    int pid;
    unsigned generation;
    int avail;
};

void set_master_descriptors_close_on_exec(int socket_count) noexcept {
    for (int fd = master_flow_read_descriptor; fd < first_listen_descriptor + socket_count; ++fd)
        if (const int flags = ::fcntl(fd, F_GETFD); flags >= 0)
            ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

void close_master_descriptors() noexcept {
    for (int fd = master_flow_read_descriptor; fd <= master_status_descriptor; ++fd)
        ::close(fd);
}

master_channel::message master_channel::make(availability state) const noexcept {
    static_assert(sizeof(message) == 3 * sizeof(int));
    return {pid_, generation_, static_cast<int>(state)};
}

bool master_channel::notify(availability state) const noexcept {
    const message one = make(state);
    return send(&one, 1);
}

bool master_channel::notify_used() const noexcept {
    const message both[] = {make(availability::taken), make(availability::available)};
    return send(both, 2);
}

bool master_channel::send(const message* messages, int count) const noexcept {
    const auto size = static_cast<std::size_t>(count) * sizeof *messages;
    bool waited = false;
    for (;;) {
        // Use a single write: master(8) treats a message in parts as an error.
        const auto written = ::write(fd_, messages, size);
        if (written >= 0)
            return written == static_cast<ssize_t>(size);
        if (errno == EINTR)
            continue;
        // The descriptor blocks, unless an event loop in this process has changed that.
        if (errno != EAGAIN || waited)
            return false;
        pollfd writable{fd_, POLLOUT, 0};
        (void)::poll(&writable, 1, patience_ms);
        waited = true;
    }
}

bool master_channel::master_gone() const noexcept {
    // master(8) never sends anything, so readable means end of file.
    pollfd readable{fd_, POLLIN, 0};
    return ::poll(&readable, 1, 0) > 0;
}

} // namespace postfix_proto
