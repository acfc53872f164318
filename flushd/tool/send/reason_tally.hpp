/// Counts the reasons for which mail was deferred.
#pragma once

#include "flushd/core/defer_log.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace flushd::tool {

/// A reason, the server that gave it (may be empty), and how many messages were deferred for it.
struct counted_reason {
    std::string reason, host;
    std::size_t count = 0;
};

/// The reasons of one destination. Keeps a thousand different ones; further ones are counted as
/// "other reasons".
class reason_tally {
public:
    /// "delivery temporarily suspended: REASON" counts as REASON: the queue manager repeats what it
    /// was told before. A deferral without a reason is not counted.
    void add(const deferral& why);

    /// The most frequent ones first, at most so many.
    [[nodiscard]] std::vector<counted_reason> most_frequent(std::size_t most) const;

    /// Whether the last message was deferred because of the destination: see
    /// deferral::is_of_destination.
    [[nodiscard]] bool is_destination_down() const noexcept { return is_down_; }

private:
    std::map<std::pair<std::string, std::string>, std::size_t> counts_; // by reason and host
    bool is_down_ = false;
};

} // namespace flushd::tool
