/// Finds the mail of some sites that the queue manager has already.
#pragma once

#include "flushd/core/logfile_name.hpp"
#include "flushd/tool/queue/queue_context.hpp"

#include "postfix_proto/queue_id.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// The recipients in the envelope at the start of a queue file whose delivery is pending: the
/// records of type R before the message (rec_type.h, Postfix 3.7).
[[nodiscard]] std::vector<std::string_view> pending_recipients(std::string_view head);

/// Reads the start of each queue file in incoming and active, 64 KiB of it at most: a recipient
/// that comes later, or that cleanup(8) added after the message's content, is not found.
///
/// Returns the messages of each of these sites that has any.
[[nodiscard]] std::map<logfile_name, std::vector<postfix_proto::queue_id>>
find_mail_on_its_way(queue_context& queue, const std::set<logfile_name>& sites);

} // namespace flushd::tool
