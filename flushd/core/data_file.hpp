/// Reads and writes the daemon's own files in $data_directory.
#pragma once

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/result.hpp"

#include <string>
#include <string_view>

namespace flushd {

/// $data_directory/flushd.KIND, or flushd-SERVICE.KIND if the service (-n) is not called `flush`.
///
/// Other Postfix daemons keep persistent data in the same directory. (In $queue_directory/flush,
/// housekeeping, also stock's, would treat the file as a logfile.)
[[nodiscard]] std::string data_file_path(const std::string& data_directory,
                                         const std::string& service_name, std::string_view kind);

/// Opens or creates the file for reading and writing. A process that runs as root does so as the
/// user, who owns the directory and could have put a link there. A file that is not regular is an
/// error. Call it before the process enters its jail. Throws startup_error if there is no such
/// user.
[[nodiscard]] postfix_proto::result<postfix_proto::file_descriptor>
open_data_file(const std::string& path, const std::string& user);

} // namespace flushd
