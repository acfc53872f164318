/// Summarizes a site's listed mail in one line.
#pragma once

#include "flushd/tool/queue/listed_sites.hpp"
#include "flushd/tool/queue/queue_files.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

namespace flushd::tool {

struct site_summary {
    explicit site_summary(logfile_name name) : file(std::move(name)) {}

    logfile_name file;
    std::size_t listed = 0;            ///< messages, each counted once
    std::size_t deferred = 0;          ///< listed messages that are still in the deferred queue
    std::size_t duplicates = 0;        ///< lines that repeat a queue ID
    std::size_t bad = 0;               ///< lines that are not a queue ID
    std::int64_t size = 0;             ///< of the deferred messages' content, in bytes
    std::optional<std::time_t> oldest; ///< arrival of the oldest deferred message
    last_send sent;                    ///< the last send or refresh
};

/// Summarizes one site. `only_flushd_since` is passed to find_last_send().
[[nodiscard]] site_summary
summarise(const listed_site& site, const queue_files& files,
          std::optional<logfile_times::time> only_flushd_since = std::nullopt);

/// Adds up all sites. A message that is listed for several sites counts once for each. The last
/// send is the latest of all.
[[nodiscard]] site_summary total_of(const std::vector<site_summary>& sites);

enum class sort_key { site, listed, deferred, oldest, size, sent };

/// Sorts by the key, the greatest value first: the most messages, the oldest, the longest ago.
/// Sites without a value come last; equal ones are sorted by name.
void sort_sites(std::vector<site_summary>& sites, sort_key key);

/// Removes the sites whose oldest deferred message is not older than `age`.
void keep_older(std::vector<site_summary>& sites, std::chrono::seconds age, std::time_t now);

} // namespace flushd::tool
