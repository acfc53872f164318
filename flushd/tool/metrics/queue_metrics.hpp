/// Metrics of all queued mail, listed or not.
#pragma once

#include "flushd/tool/metrics/metric_text.hpp"
#include "flushd/tool/queue/queue_files.hpp"
#include "flushd/tool/queue/site_names.hpp"
#include "flushd/tool/queue/waiting_groups.hpp"

#include <cstddef>
#include <cstdint>
#include <map>

namespace flushd::tool {

/// What a survey of the queue adds up to.
class queue_figures {
public:
    explicit queue_figures(queue_lifetimes lifetimes);

    /// Counts a message.
    void add(const waiting_message& message);

    /// Adds the destinations, whose names cannot be derived from those of their logfiles.
    void tell_names(site_names& names) const;

    /// Writes the metrics. The `top` destinations and relays with the most messages get series of
    /// their own; the rest is one series "other".
    void write(metric_text& text, std::size_t top) const;

private:
    struct one_queue {
        std::int64_t messages = 0, bytes = 0;
    };

    queue_lifetimes lifetimes_;
    std::map<queue_files::place, one_queue> queues_;
    waiting_groups destinations_, relays_, reasons_;
};

} // namespace flushd::tool
