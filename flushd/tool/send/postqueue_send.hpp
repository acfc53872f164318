/// Requests delivery as a user who has no rights but those of postqueue(1).
#pragma once

#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/send/send_options.hpp"

namespace flushd::tool {

/// Runs postqueue(1), for each site and each message: authorized_flush_users decides. Returns the
/// exit status. Throws tool_error with its words where it refuses, and where the options require
/// more rights.
[[nodiscard]] int send_with_postqueue(queue_context& queue, const send_options& options);

} // namespace flushd::tool
