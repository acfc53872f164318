/// Finds the logfiles that list a message.
#pragma once

#include "flushd/tool/queue/listed_sites.hpp"
#include "flushd/tool/queue/site_summary.hpp"
#include "flushd/tool/queue/waiting_message.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace flushd::tool {

/// Which of many logfiles list a message; sixteen bytes for each entry of a logfile. It adds up
/// what is still deferred of each logfile while a survey goes through the queue, instead of reading
/// each listed message's file once more.
class listing_index {
public:
    listing_index() = default;
    /// `only_flushd_since` is passed to find_last_send().
    listing_index(const std::vector<listed_site>& sites,
                  std::optional<logfile_times::time> only_flushd_since);

    /// Counts the message in all logfiles that list it. Call it before lists() and once for each
    /// message.
    void count(const waiting_message& message);
    /// Whether the logfile, by its number, lists the message that was counted last.
    [[nodiscard]] bool lists(std::size_t site) const;

    /// The number of a logfile; nothing if there is none.
    [[nodiscard]] std::optional<std::size_t> find(const logfile_name& file) const;
    [[nodiscard]] const std::vector<site_summary>& summaries() const noexcept { return sites_; }

private:
    struct entry {
        std::uint64_t id = 0; // keyed_hash() of the text
        std::uint32_t site = 0;
    };
    std::vector<site_summary> sites_;
    std::unordered_map<logfile_name, std::size_t> numbers_;
    std::vector<entry> entries_; // sorted
    std::span<const entry> current_;
};

} // namespace flushd::tool
