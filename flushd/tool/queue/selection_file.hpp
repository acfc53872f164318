/// Writes the logfiles of selections.
#pragma once

#include "flushd/core/logfile_name.hpp"
#include "flushd/tool/queue/queue_context.hpp"

#include "postfix_proto/queue_id.hpp"

#include <vector>

namespace flushd::tool {

/// Writes a logfile that lists these messages, for the service to send once; see selection_name().
/// It is complete, and on disk, before it has its name. Requires the rights of root or mail_owner.
/// Throws tool_error.
[[nodiscard]] logfile_name write_selection(const queue_context& queue,
                                           const std::vector<postfix_proto::queue_id>& ids);

/// Removes it, if the service has not done so.
void remove_selection(const queue_context& queue, const logfile_name& file);

} // namespace flushd::tool
