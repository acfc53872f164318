/// Records the queue layout that was in force when Postfix last read main.cf.
#pragma once

#include "flushd/core/flush_parameters.hpp"

#include "postfix_proto/log.hpp"
#include "postfix_proto/master_channel.hpp"

#include <optional>
#include <string>
#include <system_error>

namespace flushd {

/// Identifies the period between two starts or reloads of master(8), for this service: all its
/// processes in the same period get the same text. Nothing if master(8) is not the parent.
///
/// The text consists of master's process ID, the time at which it wrote `pid/master.pid`, and the
/// inode number of the status pipe (on Linux, a pair of sockets), which master creates anew for
/// each service when it reloads (master_restart_service(), Postfix 3.7). GENERATION cannot be used:
/// it counts processes.
///
/// The current directory must be $queue_directory.
[[nodiscard]] std::optional<std::string>
configuration_in_force(int status_descriptor = postfix_proto::master_status_descriptor);

/// The queue manager and other daemons read the queue layout and defer_transports when Postfix is
/// started or reloaded; then postsuper(1) moves the files. But this service restarts whenever
/// main.cf changes, and the new process would look for queue files in the wrong place.
///
/// The first process after each start or reload therefore records these parameters in the file of
/// this path (see open_data_file()). Later processes take them from there, and log a warning if
/// they have changed. If the file cannot be used, `parameters` are not changed, which is how stock
/// flush(8) behaves. Throws startup_error if there is no such user.
[[nodiscard]] std::error_code keep_to_layout(const std::string& in_force, const std::string& path,
                                             const std::string& user, flush_parameters& parameters,
                                             postfix_proto::logger& log);

} // namespace flushd
