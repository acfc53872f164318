/// Connects a UNIX-domain socket without waiting. Private to the library.
#pragma once

#include <boost/system/error_code.hpp>

#include <string>

namespace postfix_proto {

/// Connects a non-blocking UNIX-domain socket without waiting. Asio's connect() would treat EAGAIN,
/// the result of a full backlog, as a connection in progress, and then as a successful one.
[[nodiscard]] boost::system::error_code connect_now(int socket, const std::string& path);

} // namespace postfix_proto
