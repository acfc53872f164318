/// Turns the failure of a request to a service into an error message.
#pragma once

#include "postfix_proto/service_connection.hpp"

#include <string>

namespace flushd::tool {

/// Throws tool_error with the exit status that postqueue(1) has: EX_UNAVAILABLE when the mail
/// system is down. /// `instead` is for a user who may not: see not_permitted().
[[noreturn]] void throw_failure(const postfix_proto::service_failure& failure,
                                const std::string& instead);

/// The message for a user who may not use the sockets in public/. `instead` is a command that the
/// user may run.
[[nodiscard]] std::string not_permitted(const std::string& instead);

} // namespace flushd::tool
