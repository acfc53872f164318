/// Records the queue layout that was in force when Postfix last read main.cf.
#pragma once

#include "flushd/core/flush_parameters.hpp"

#include "postfix_proto/log.hpp"
#include "postfix_proto/master_channel.hpp"

#include <optional>
#include <string>
#include <system_error>

namespace flushd {

/// A name for the time from a start or a reload of master(8) to the next one, for this service: the
/// same for all its processes in between. Nothing when master(8) is not the parent.
///
/// It is made of master's process ID, the time at which it wrote `pid/master.pid`, and the inode
/// number of the status pipe (on Linux, a pair of sockets), of which master makes a new one for
/// each service when it reloads (master_restart_service(), Postfix 3.7). GENERATION would not do:
/// it counts processes.
///
/// The current directory must be $queue_directory.
[[nodiscard]] std::optional<std::string>
configuration_in_force(int status_descriptor = postfix_proto::master_status_descriptor);

/// How the queue is laid out, and whether defer_transports names any, is what the queue manager and
/// the others have read when master(8) last told them to. postsuper(1) moves the files then. But
/// this service ends when main.cf changes, and its next process would look for the queue where it
/// is not.
///
/// So the first process after each start or reload writes these parameters down, in the file of
/// this path (see open_data_file()), and those that follow get theirs from there, with a warning
/// when they have changed. With the file out of use, `parameters` stay what they are, which is
/// what Postfix's own flush(8) does. Throws startup_error when there is no such user.
[[nodiscard]] std::error_code keep_to_layout(const std::string& in_force, const std::string& path,
                                             const std::string& user, flush_parameters& parameters,
                                             postfix_proto::logger& log);

} // namespace flushd
