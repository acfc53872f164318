/// Reads the address that `flushd metrics --listen` is given.
#pragma once

#include "postfix_proto/file_descriptor.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flushd::tool {

/// An address and a TCP port to listen on.
struct listen_address {
    std::string host = "127.0.0.1"; ///< numeric, IPv4 or IPv6
    std::uint16_t port = 9619;      ///< 0: any that is free
};

/// Parses HOST:PORT, [HOST]:PORT, HOST, :PORT or PORT. A host is a numeric address or `localhost`,
/// because a name may mean several addresses. Without a host it is the loopback address: what
/// waits for whom is nobody else's business unless the operator says so.
[[nodiscard]] std::optional<listen_address> parse_listen_address(std::string_view text);

/// HOST:PORT, with an IPv6 address in brackets.
[[nodiscard]] std::string to_text(const listen_address& address);

/// Listens on a non-blocking socket. `address.port` becomes the real one where it was 0. Throws
/// tool_error, for example if the port is in use.
[[nodiscard]] postfix_proto::file_descriptor listen_on(listen_address& address);

} // namespace flushd::tool
