#include "postfix_proto/postlog_sink.hpp"

#include "log_record.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace postfix_proto {

namespace {

constexpr int patience_ms = 200;

/// A datagram socket connected to `path`, or none.
file_descriptor connect_to(std::string_view path) noexcept {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return {};
    std::memcpy(address.sun_path, path.data(), path.size());
    file_descriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fd.reset();
    return fd;
}

/// `public/postlog` of `/var/spool/postfix/public/postlog`.
std::string_view last_two_components(std::string_view path) {
    const auto last = path.rfind('/');
    if (last == std::string_view::npos || last == 0)
        return path;
    const auto before = path.rfind('/', last - 1);
    return before == std::string_view::npos ? path : path.substr(before + 1);
}

} // namespace

std::string postlog_record(std::time_t when, std::string_view hostname, std::string_view name,
                           long pid, severity level, std::string_view text) {
    // Not strftime(3): the month's name must not depend on the locale.
    constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm local{};
    ::localtime_r(&when, &local);
    return fmt::format("{} {:02} {:02}:{:02}:{:02} {} {}[{}]: {}",
                       months.at(static_cast<std::size_t>(local.tm_mon)), local.tm_mday,
                       local.tm_hour, local.tm_min, local.tm_sec,
                       hostname.substr(0, hostname.find('.')), name, pid,
                       labelled_text(level, text));
}

postlog_sink::postlog_sink(std::string name, std::string hostname, std::string socket_path)
    : name_(std::move(name)), hostname_(std::move(hostname)), path_(std::move(socket_path)) {
    connect();
}

void postlog_sink::connect() noexcept {
    socket_ = connect_to(path_);
    if (!socket_)
        socket_ = connect_to(last_two_components(path_));
}

/// Sends without waiting. Returns an errno value, or 0.
int postlog_sink::send(std::string_view record) noexcept {
    if (!socket_)
        return ENOTCONN;
    for (;;) {
        if (::send(socket_.get(), record.data(), record.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return 0;
        if (errno != EINTR)
            return errno;
    }
}

void postlog_sink::write(severity level, std::string_view text) noexcept {
    try {
        const auto record = postlog_record(std::time(nullptr), hostname_, name_,
                                           static_cast<long>(::getpid()), level, text);
        const std::lock_guard lock(mutex_);
        int error = send(record);
        if (error == ECONNREFUSED || error == ENOTCONN || error == ECONNRESET || error == EPIPE) {
            connect();
            error = send(record);
        }
        const bool important = level == severity::fatal || level == severity::panic;
        if ((error == EAGAIN || error == ENOBUFS) && (important || !behind_)) {
            pollfd writable{socket_.get(), POLLOUT, 0};
            (void)::poll(&writable, 1, patience_ms);
            error = send(record);
        }
        behind_ = error != 0;
        if (error != 0)
            ++lost_;
    } catch (...) { // out of memory while making a log line: there is nobody left to tell
        ++lost_;
    }
}

} // namespace postfix_proto
