#include "async/connect_now.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>

namespace postfix_proto {

boost::system::error_code connect_now(int socket, const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        return {ENAMETOOLONG, boost::system::system_category()};
    path.copy(address.sun_path, path.size());
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0)
        return {errno, boost::system::system_category()};
    return {};
}

} // namespace postfix_proto
