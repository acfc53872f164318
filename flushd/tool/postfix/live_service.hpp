/// Inspects the running flush service of an instance.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include "postfix_proto/flush_client.hpp"

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// A process that master(8) has started.
struct service_process {
    pid_t id = 0;
    std::string program; ///< as in master.cf: the last component of argv[0]
    std::string service; ///< what follows -n, or the program
    std::chrono::system_clock::time_point started; ///< to the second or so
};

/// The master process, when this Postfix runs.
[[nodiscard]] std::optional<pid_t> find_master(const instance& where);

/// Its children that serve the service of this name.
[[nodiscard]] std::vector<service_process> find_processes(pid_t master, std::string_view service);

/// Waits until none of these children of master(8) is left. False when some are, after the limit.
bool wait_until_gone(pid_t master, const std::vector<service_process>& processes,
                     std::chrono::milliseconds limit, bool (*give_up)() = nullptr);

/// Asks for a message that cannot be there. Every flush service answers OK, and does nothing.
[[nodiscard]] postfix_proto::flush_result ask_for_nothing(const instance& where,
                                                          std::chrono::milliseconds limit);

/// What waiting for a program to answer came to.
struct answer {
    pid_t process = 0;   ///< the program's, or 0
    std::string problem; ///< why there is none, for a person; empty with a process
};

/// Asks until the program answers. The socket does not tell which process took the connection, as
/// it is master(8) who made it. But only master's children of this service can take one: so it is
/// the program that answers as soon as there was an answer and every one of them runs the program.
/// After a reload those from before it are there until they have noticed.
///
/// `give_up` is asked now and then.
[[nodiscard]] answer wait_for_answer(const instance& where, std::string_view program,
                                     std::chrono::milliseconds limit, bool (*give_up)() = nullptr);

} // namespace flushd::tool
