// A Postfix service in a thread of its own, for clients that block: each connection, one after the
// other, goes to the script.
#pragma once

#include "postfix_proto/file_descriptor.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

/// The service's end of one connection.
class fake_client {
public:
    explicit fake_client(int fd) : fd_(fd) {}

    void say(std::string_view bytes) const {
        while (!bytes.empty()) {
            const auto size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (size < 0)
                return; // the client has gone
            bytes.remove_prefix(static_cast<std::size_t>(size));
        }
    }
    /// Up to the end of an attribute list or so many bytes, or what there was before the client
    /// hung up.
    [[nodiscard]] std::string hear(std::size_t limit = std::string::npos) const {
        std::string bytes;
        char byte = 0;
        while (bytes.size() < limit && ::recv(fd_, &byte, 1, 0) == 1) {
            bytes += byte;
            if (bytes.size() > 1 && byte == '\0' && bytes[bytes.size() - 2] == '\0')
                break;
        }
        return bytes;
    }
    /// Until the client hangs up.
    void wait() const {
        char byte = 0;
        while (::recv(fd_, &byte, 1, 0) > 0) {
        }
    }

private:
    int fd_;
};

class fake_service {
public:
    using script = std::function<void(const fake_client&)>;

    fake_service(const std::string& path, script serve, int backlog = 16)
        : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), serve_(std::move(serve)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
                0 ||
            ::listen(listener_.get(), backlog) != 0)
            throw std::runtime_error("bind " + path);
        thread_ = std::thread([this] { run(); });
    }
    ~fake_service() {
        stop_ = true;
        thread_.join();
    }
    fake_service(const fake_service&) = delete;
    fake_service& operator=(const fake_service&) = delete;

private:
    void run() {
        while (!stop_) {
            pollfd entry{listener_.get(), POLLIN, 0};
            if (::poll(&entry, 1, 10) <= 0)
                continue;
            const postfix_proto::file_descriptor client(
                ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            serve_(fake_client(client.get()));
        }
    }

    postfix_proto::file_descriptor listener_;
    script serve_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};
