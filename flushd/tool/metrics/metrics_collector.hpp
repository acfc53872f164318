/// Collects all figures of an instance that `flushd metrics` prints.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace flushd::tool {

/// Collects metrics once or again and again.
class metrics_collector {
public:
    /// `top`: how many destinations and relays have series of their own. The working directory must
    /// be the instance's queue_directory, see enter_queue_directory().
    metrics_collector(instance postfix, std::size_t top);

    /// Returns the metrics in Prometheus's text format. Throws tool_error if the queue cannot be
    /// read.
    [[nodiscard]] std::string collect();

    /// The same, but reads main.cf again first. If that fails, what it said before still holds.
    [[nodiscard]] std::string collect_anew();

    /// Whether the service had no file with counters at the last collection, and why; else empty.
    [[nodiscard]] const std::string& missing_counters() const { return missing_counters_; }

    [[nodiscard]] const instance& postfix() const { return postfix_; }

private:
    instance postfix_;
    std::size_t top_;
    std::string missing_counters_;
};

} // namespace flushd::tool
