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

/// The master process, if this Postfix is running.
[[nodiscard]] std::optional<pid_t> find_master(const instance& where);

/// The children of master that serve this service.
[[nodiscard]] std::vector<service_process> find_processes(pid_t master, std::string_view service);

/// Waits until none of these children of master(8) is left. False if some are left after the limit.
bool wait_until_gone(pid_t master, const std::vector<service_process>& processes,
                     std::chrono::milliseconds limit, bool (*give_up)() = nullptr);

/// Requests delivery of a message that cannot exist. Every flush service answers OK, and does
/// nothing.
[[nodiscard]] postfix_proto::flush_result ask_for_nothing(const instance& where,
                                                          std::chrono::milliseconds limit);

/// The result of wait_for_answer().
struct answer {
    pid_t process = 0;   ///< that answers, or 0
    std::string problem; ///< why no process answers, for a person; else empty
};

/// Polls the service until the program answers. The socket does not tell which process accepted the
/// connection, because master(8) created it. But only master's children for this service can accept
/// one, so the program answers once there is an answer and each of these children runs the program.
/// After a reload, old children remain until they have noticed it.
///
/// `give_up` is called from time to time; when it returns true, the wait ends.
[[nodiscard]] answer wait_for_answer(const instance& where, std::string_view program,
                                     std::chrono::milliseconds limit, bool (*give_up)() = nullptr);

} // namespace flushd::tool
