/// Finds the mail of some sites that the queue manager has already.
#pragma once

#include "flushd/core/logfile_name.hpp"
#include "flushd/tool/queue/queue_context.hpp"

#include "postfix_proto/queue_id.hpp"

#include <map>
#include <set>
#include <vector>

namespace flushd::tool {

/// Returns the messages of each of these sites that has any.
[[nodiscard]] std::map<logfile_name, std::vector<postfix_proto::queue_id>>
find_mail_on_its_way(queue_context& queue, const std::set<logfile_name>& sites);

} // namespace flushd::tool
