/// Collects all figures of an instance that `flushd metrics` prints.
#pragma once

#include "flushd/tool/metrics/metric_text.hpp"
#include "flushd/tool/postfix/instance.hpp"
#include "flushd/tool/queue/listing_index.hpp"
#include "flushd/tool/queue/queue_context.hpp"

#include <atomic>
#include <cstddef>
#include <string>

namespace flushd::tool {

/// Collects metrics once or again and again.
class metrics_collector {
public:
    /// `top`: how many destinations and relays have series of their own. The working directory must
    /// be the instance's queue_directory, see enter_queue_directory().
    metrics_collector(instance postfix, std::size_t top);

    /// Returns the metrics in Prometheus's text format. A user who may not read the queue gets
    /// those that postqueue(1) tells. Throws tool_error if the queue cannot be read.
    [[nodiscard]] std::string collect();

    /// The same, but reads main.cf again first. If that fails, what it said before still holds.
    [[nodiscard]] std::string collect_anew();

    /// Lets a collection that another thread does fail soon, and all later ones.
    void stop() noexcept { stopped_ = true; }

    /// What the last collection left out, and why, for the operator; else empty.
    [[nodiscard]] const std::string& remark() const { return remark_; }

    [[nodiscard]] const instance& postfix() const { return postfix_; }

private:
    void add_service(metric_text& text, queue_context& queue, const listing_index& listed);

    instance postfix_;
    std::size_t top_;
    std::string remark_;
    std::atomic<bool> stopped_ = false;
};

} // namespace flushd::tool
