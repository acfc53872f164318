/// Words the errors of a service that could not be asked.
#pragma once

#include "postfix_proto/service_connection.hpp"

#include <string>

namespace flushd::tool {

/// The exit status goes by what postqueue(1) does: EX_UNAVAILABLE when the mail system is down.
[[noreturn]] void throw_failure(const postfix_proto::service_failure& failure);

/// For somebody who may not use the sockets in public/. `instead` is what he may do.
[[nodiscard]] std::string not_permitted(const std::string& instead);

} // namespace flushd::tool
