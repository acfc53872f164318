/// Connects a UNIX-domain socket without waiting. Private to the library.
#pragma once

#include <boost/system/error_code.hpp>

#include <string>

namespace postfix_proto {

/// Connects a non-blocking UNIX-domain socket without waiting. Asio's connect() takes the EAGAIN of
/// a full backlog for a connection that is under way, and then for one that was made.
[[nodiscard]] boost::system::error_code connect_now(int socket, const std::string& path);

} // namespace postfix_proto
