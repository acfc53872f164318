/// Reads and writes the daemon's own files in $data_directory.
#pragma once

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/result.hpp"

#include <string>
#include <string_view>

namespace flushd {

/// $data_directory/flushd.KIND, for the service of this name (-n); `flush` is left out.
///
/// It is where other daemons of Postfix keep what is to survive them. (Not below
/// $queue_directory/flush: housekeeping, stock's too, would take it for a logfile.)
[[nodiscard]] std::string data_file_path(const std::string& data_directory,
                                         const std::string& service_name, std::string_view kind);

/// Opens or makes it, for reading and writing, as the user if the process is root: the directory is
/// that user's, who could have put a link there. What is not a regular file is an error. To be
/// called before the process enters its jail. Throws startup_error when there is no such user.
[[nodiscard]] postfix_proto::result<postfix_proto::file_descriptor>
open_data_file(const std::string& path, const std::string& user);

} // namespace flushd
