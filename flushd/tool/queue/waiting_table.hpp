/// Formats a report of what waits as tables.
#pragma once

#include "flushd/tool/queue/waiting_report.hpp"
#include "flushd/tool/screen/text_table.hpp"

#include <string>

namespace flushd::tool {

/// A row for each group. Columns give way where the terminal is narrow.
[[nodiscard]] text_table table_of_groups(const waiting_report& report);

/// A row for each message. An active message's ID is marked by `*`, that of a held one by `!`, as
/// postqueue(1) does.
[[nodiscard]] text_table table_of_messages(const waiting_report& report);

/// A name or another text of others for a line on a terminal.
[[nodiscard]] std::string text_for_line(std::string_view text);

} // namespace flushd::tool
