/// Formats metrics for Prometheus.
#pragma once

#include "flushd/core/counters.hpp"
#include "flushd/tool/queue/site_names.hpp"
#include "flushd/tool/queue/site_summary.hpp"

#include <cstddef>
#include <ctime>
#include <string>
#include <vector>

namespace flushd::tool {

/// Returns Prometheus's text format, version 0.0.4. Counters that are not in `sums` are 0, so that
/// all series exist from the start. `sites` are all sites with listed mail; the `top` sites with
/// the most deferred messages get series of their own.
[[nodiscard]] std::string format_metrics(const counter_sums& sums, std::vector<site_summary> sites,
                                         const site_names& names, std::size_t top, std::time_t now);

} // namespace flushd::tool
