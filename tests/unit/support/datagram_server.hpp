// A UNIX-domain datagram socket that a test reads, in place of postlogd(8).
#pragma once

#include "postfix_proto/file_descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>

class datagram_server {
public:
    explicit datagram_server(const std::string& path)
        : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("bind");
    }

    /// A datagram that has already arrived; nothing when there is none.
    std::optional<std::string> receive() {
        std::array<char, 8192> buffer;
        const auto n = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n < 0)
            return std::nullopt;
        return std::string(buffer.data(), static_cast<std::size_t>(n));
    }

    /// Whether a datagram arrives within so many milliseconds.
    [[nodiscard]] bool wait(int limit) const {
        pollfd entry{socket_.get(), POLLIN, 0};
        return ::poll(&entry, 1, limit) > 0;
    }

private:
    postfix_proto::file_descriptor socket_;
};
