#include "flushd/tool/metrics/listen_address.hpp"

#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/errors.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace flushd::tool {

namespace {

// A few clients at most; the kernel keeps those that come in one moment.
constexpr int backlog = 16;

/// An IPv4 or IPv6 address as the system calls take it.
struct socket_address {
    sockaddr_storage bytes{};
    socklen_t size = 0;

    [[nodiscard]] int family() const { return bytes.ss_family; }
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
};

template <typename Address>
socket_address as_storage(const Address& address) {
    socket_address result;
    std::memcpy(&result.bytes, &address, sizeof address);
    result.size = sizeof address;
    return result;
}

std::optional<socket_address> make_socket_address(const listen_address& address) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(address.port);
    if (::inet_pton(AF_INET, address.host.c_str(), &ipv4.sin_addr) == 1)
        return as_storage(ipv4);
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(address.port);
    if (::inet_pton(AF_INET6, address.host.c_str(), &ipv6.sin6_addr) == 1)
        return as_storage(ipv6);
    return std::nullopt;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return port;
}

std::uint16_t port_of(int socket) {
    sockaddr_storage bytes{};
    socklen_t size = sizeof bytes;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&bytes), &size);
    sockaddr_in ipv4{};
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv4, &bytes, sizeof ipv4);
    std::memcpy(&ipv6, &bytes, sizeof ipv6);
    return ntohs(bytes.ss_family == AF_INET6 ? ipv6.sin6_port : ipv4.sin_port);
}

} // namespace

std::optional<listen_address> parse_listen_address(std::string_view text) {
    listen_address result;
    if (text.empty())
        return std::nullopt;
    if (const auto port = parse_port(text)) {
        result.port = *port;
        return result;
    }
    std::string_view host = text, port;
    bool has_port = false;
    if (text.front() == '[') {
        const auto close = text.find(']');
        if (close == std::string_view::npos)
            return std::nullopt;
        host = text.substr(1, close - 1);
        const auto rest = text.substr(close + 1);
        has_port = !rest.empty();
        if (has_port && rest.front() != ':')
            return std::nullopt;
        port = has_port ? rest.substr(1) : rest;
        if (host.find(':') == std::string_view::npos)
            return std::nullopt;
    } else if (const auto colon = text.find(':');
               colon != std::string_view::npos && colon == text.rfind(':')) {
        has_port = true;
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    if (has_port) {
        const auto number = parse_port(port);
        if (!number)
            return std::nullopt;
        result.port = *number;
    }
    if (!host.empty() && host != "localhost")
        result.host = host;
    return make_socket_address(result) ? std::optional(result) : std::nullopt;
}

std::string to_text(const listen_address& address) {
    if (address.host.find(':') != std::string::npos)
        return fmt::format("[{}]:{}", address.host, address.port);
    return fmt::format("{}:{}", address.host, address.port);
}

postfix_proto::file_descriptor listen_on(listen_address& address) {
    const auto fail = [&] {
        throw tool_error(fmt::format("cannot listen on {}: {}", to_text(address),
                                     postfix_proto::errno_text(errno)));
    };
    const auto where = make_socket_address(address);
    if (!where)
        throw tool_error(fmt::format("not a numeric address: {}", address.host), EX_USAGE);
    postfix_proto::file_descriptor result(
        ::socket(where->family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    // A restart must not wait for the connections of the last one. IPv6 alone, so that [::]
    // and 0.0.0.0 mean what they say.
    if (!result || ::setsockopt(result.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        (where->family() == AF_INET6 &&
         ::setsockopt(result.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0) ||
        ::bind(result.get(), where->get(), where->size) < 0 || ::listen(result.get(), backlog) < 0)
        fail();
    address.port = port_of(result.get());
    return result;
}

} // namespace flushd::tool
