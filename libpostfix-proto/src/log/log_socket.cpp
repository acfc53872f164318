#include "log/log_socket.hpp"

#include <fmt/format.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace postfix_proto {

namespace {

/// Whether the reader has gone, so that a new connection may find another one.
bool is_disconnected(int error) {
    return error == ECONNREFUSED || error == ENOTCONN || error == ECONNRESET || error == EPIPE;
}

bool is_full(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS; }

} // namespace

log_socket::log_socket(std::vector<std::string> paths, kind may_be, formatter format)
    : paths_(std::move(paths)), may_be_(may_be), format_(std::move(format)) {
    connect();
}

void log_socket::connect() noexcept {
    socket_.reset();
    for (const auto& path : paths_) {
        if (connect_to(path, SOCK_DGRAM) || (may_be_ == kind::datagram_or_stream &&
                                             errno == EPROTOTYPE && connect_to(path, SOCK_STREAM)))
            return;
    }
}

/// Leaves the reason in errno.
bool log_socket::connect_to(const std::string& path, int type) noexcept {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    // Non-blocking also to connect: a stream socket's backlog may be full.
    file_descriptor fd(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd ||
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        const int error = errno;
        fd.reset();
        errno = error;
        return false;
    }
    socket_ = std::move(fd);
    is_stream_ = type == SOCK_STREAM;
    return true;
}

/// An errno value, or 0.
int log_socket::try_to_send(std::string_view record) noexcept {
    if (!socket_)
        return ENOTCONN;
    for (;;) {
        const auto size = ::send(socket_.get(), record.data(), record.size(), MSG_NOSIGNAL);
        if (size >= 0 && static_cast<std::size_t>(size) < record.size()) {
            // A stream may accept a part. The next record would be taken for the rest.
            socket_.reset();
            return ENOTCONN;
        }
        if (size >= 0)
            return 0;
        if (errno != EINTR)
            return errno;
    }
}

bool log_socket::send(std::string record, bool is_last_word) {
    if (is_stream_)
        record += '\0';
    int error = try_to_send(record);
    if (is_disconnected(error)) {
        const bool had_nul = is_stream_;
        connect();
        if (socket_ && is_stream_ != had_nul)
            is_stream_ ? record.push_back('\0') : record.pop_back();
        error = try_to_send(record);
    }
    if (is_full(error)) {
        const auto end = patience_.begin(is_last_word);
        // Repeat, because other processes write to the same socket, and may use up the space. It is
        // not possible to wait for the kernel's memory.
        while (is_full(error) && wait_for_room(socket_.get(), end)) {
            const bool wants_memory = error == ENOBUFS;
            error = try_to_send(record);
            if (wants_memory && error == ENOBUFS)
                break;
        }
    }
    patience_.end(error == 0);
    return error == 0;
}

void log_socket::tell_of_losses(bool is_last_word) {
    const auto count = lost_ - told_;
    if (count == 0)
        return;
    const auto text = fmt::format("{}: {} log record{} lost: not accepted in time", paths_.front(),
                                  count, count == 1 ? "" : "s");
    if (send(format_(severity::warning, text), is_last_word))
        told_ += count;
}

void log_socket::write(severity level, std::string_view text) noexcept {
    const std::lock_guard lock(mutex_);
    try {
        const bool is_last_word = level == severity::fatal || level == severity::panic;
        tell_of_losses(is_last_word);
        if (send(format_(level, text), is_last_word))
            return;
    } catch (...) { // out of memory for a log line: there is no way to report it
    }
    ++lost_;
}

} // namespace postfix_proto
