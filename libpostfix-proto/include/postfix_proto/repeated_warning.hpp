/// Limits the rate of a warning that could otherwise be logged once for each client.
#pragma once

#include "postfix_proto/log.hpp"

#include <chrono>
#include <cstddef>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace postfix_proto {

/// Logs the warnings about one kind of problem. A text that has just been logged is left out and
/// counted:
///
///     warning: lock fast flush logfile customer_tld: locked by another process for too long
///     ... 10 s or more
///     warning: lock fast flush logfile customer_tld: locked by another process for too long -- 37
///         such warnings were suppressed
///
/// Different texts of one kind are written, but no more than a handful at a time: a full disk
/// has as many as there are sites. One thread may use it.
class repeated_warning {
public:
    /// Of the clock that only goes forward.
    using duration = std::chrono::steady_clock::duration;

    /// How long the same text is left out.
    static constexpr std::chrono::seconds default_interval{10};
    /// So many different texts are written in that time.
    static constexpr std::size_t most_at_once = 8;

    /// `log` must outlive it.
    explicit repeated_warning(logger& log, duration interval = default_interval)
        : log_(log), interval_(interval) {}
    /// Says how many were suppressed since the last one that was written.
    ~repeated_warning();
    repeated_warning(const repeated_warning&) = delete;
    repeated_warning& operator=(const repeated_warning&) = delete;

    /// Warns, or counts. Formats as fmt::format() does. A warning for which there is no memory is
    /// lost: where warnings are written something has gone wrong already.
    template <typename... Args>
    void operator()(format_string<Args...> format, Args&&... args) noexcept {
        try {
            write(fmt::format(format, std::forward<Args>(args)...));
        } catch (const std::exception&) {
            ++left_out_;
        }
    }

private:
    void write(std::string text);

    logger& log_;
    duration interval_;
    std::chrono::steady_clock::time_point begin_{}; // of the interval
    std::vector<std::string> written_;              // in it
    std::string last_;                              // that was left out
    std::size_t left_out_ = 0;
};

} // namespace postfix_proto
