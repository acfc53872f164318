/// Turns the findings of `flushd check` into what a monitoring system reads.
#pragma once

#include "flushd/tool/check/findings.hpp"

#include <string>

namespace flushd::tool {

/// The exit status of `flushd check`, as Nagios has it for a plugin (Nagios Plugins Development
/// Guidelines, "Plugin Return Codes").
enum class check_status { ok = 0, warning = 1, critical = 2, unknown = 3 };

/// The worst of all: an error, then a warning, then what could not be found out.
[[nodiscard]] check_status status_of(const findings& all);

/// One line for a Nagios plugin, with a newline: the status, numbers, and the worst finding, which
/// has no `|` in it, as performance data would follow that.
[[nodiscard]] std::string summary_of(const findings& all);

/// The findings as a JSON object, with a newline.
[[nodiscard]] std::string json_of(const findings& all);

} // namespace flushd::tool
