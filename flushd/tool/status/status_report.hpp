/// Writes what `flushd status` reports as JSON.
#pragma once

#include "flushd/tool/queue/site_names.hpp"
#include "flushd/tool/queue/waiting_report.hpp"

#include <string>

namespace flushd::tool {

/// Returns the output of `flushd status --json`, as described in flushd(1).
[[nodiscard]] std::string json_text(const site_names& names, const waiting_report& all,
                                    bool with_messages);

/// The word for --by, such as "destination".
[[nodiscard]] std::string_view word_for(group_by by);

} // namespace flushd::tool
