/// Metrics of the flush service and its logfiles.
#pragma once

#include "flushd/core/counters.hpp"
#include "flushd/tool/metrics/metric_text.hpp"
#include "flushd/tool/queue/site_names.hpp"
#include "flushd/tool/queue/site_summary.hpp"

#include <cstddef>
#include <ctime>
#include <string>
#include <vector>

namespace flushd::tool {

/// Adds what the service has counted, and what is listed. Counters that are not in `sums` are 0, so
/// that all series exist from the start. `sites` are all sites with listed mail; the `top` sites
/// with the most deferred messages get series of their own.
void add_service_metrics(metric_text& text, const counter_sums& sums,
                         std::vector<site_summary> sites, const site_names& names, std::size_t top,
                         std::time_t now);

} // namespace flushd::tool
