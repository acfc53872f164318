#include "client.hpp"

#include "postfix_proto/flush_request.hpp"

#include <fmt/format.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace bench {

using postfix_proto::file_descriptor;

const std::string announcement = postfix_proto::flush_announcement();
const std::string ok_reply = postfix_proto::encode(postfix_proto::flush_status::ok);

void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

file_descriptor connect_to(const std::string& path, bool nonblocking) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    file_descriptor result(
        ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0));
    if (!result)
        fail("socket");
    if (::connect(result.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) {
        if (errno == EAGAIN)
            return file_descriptor();
        fail("connect to " + path);
    }
    return result;
}

bool ask(const std::string& socket, std::string_view request) {
    const auto connection = connect_to(socket, false);
    std::string received;
    const auto receive_until = [&](std::size_t size) {
        char buffer[256];
        while (received.size() < size) {
            const ssize_t n = ::recv(connection.get(), buffer, sizeof(buffer), 0);
            if (n <= 0)
                return false;
            received.append(buffer, static_cast<std::size_t>(n));
        }
        return true;
    };
    if (!receive_until(announcement.size()))
        return false;
    if (::send(connection.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
        return false;
    return receive_until(announcement.size() + ok_reply.size()) &&
           received == announcement + ok_reply;
}

std::string add_request(const std::string& site, std::string_view id) {
    return postfix_proto::encode(postfix_proto::flush_request(
        postfix_proto::add_request{site, *postfix_proto::queue_id::parse(id)}));
}

std::string short_id(unsigned long n) {
    return fmt::format("{:05X}{:06X}", n * 690'269UL % 1'000'000UL, n);
}

std::string latencies::json() {
    if (microseconds_.empty())
        return R"("count": 0)";
    std::sort(microseconds_.begin(), microseconds_.end());
    const auto at = [this](double share) {
        return microseconds_[static_cast<std::size_t>(
            share * static_cast<double>(microseconds_.size() - 1))];
    };
    return fmt::format(
        R"("count": {}, "p50_us": {:.1f}, "p90_us": {:.1f}, "p99_us": {:.1f}, "p999_us": {:.1f}, "max_us": {:.1f})",
        count(), at(0.5), at(0.9), at(0.99), at(0.999), at(1));
}

} // namespace bench
