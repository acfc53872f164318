/// Defines what `flushd status` reports, and writes it as JSON.
#pragma once

#include "flushd/core/unfinished_sends.hpp"
#include "flushd/tool/queue/site_names.hpp"
#include "flushd/tool/queue/site_summary.hpp"

#include <cstddef>
#include <ctime>
#include <string>
#include <vector>

namespace flushd::tool {

struct status_report {
    std::time_t now = 0;
    std::vector<site_summary> sites;
    site_summary total{*logfile_name::from_name("total")};
    std::size_t left_out = 0; ///< because of --top
    std::vector<unfinished_sends::listed> sends;
};

/// Returns the output of `flushd status --json`, as described in flushd(1).
[[nodiscard]] std::string json_text(const site_names& names, const status_report& all);

} // namespace flushd::tool
