/// Ends the process when its event loop is stuck.
#pragma once

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/log.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>
#include <thread>

namespace postfix_proto {

/// Counts steps in which nothing happened. With three steps a clock that jumps or a machine that
/// was suspended costs one step, and not the process (util/watchdog.c, Postfix 3.7).
class watchdog_steps {
public:
    /// How many steps without a pat are too many.
    static constexpr int limit = 3;

    /// To be called at the end of each step with the number of pats so far. True: the third step in
    /// a row without a pat.
    bool missed_too_many(std::uint64_t pats) noexcept;

private:
    std::uint64_t seen_ = 0;
    int missed_ = 0;
};

/// When pat() is not called for `timeout`, reports `fatal: watchdog timeout` and ends the process
/// with status 1. A thread measures the time, on CLOCK_MONOTONIC, in steps of a third of the
/// timeout, so it ends between one timeout and a third more after the last pat. All signals are
/// blocked in it.
///
/// Start it after fork(2) and enter_jail(). daemon_timeout is the parameter (default 18000s).
class watchdog {
public:
    /// Called in the watchdog's thread. It may use a sink that is thread-safe; should it hang,
    /// SIGALRM ends the process five seconds later.
    using report_function = std::function<void(severity, std::string_view)>;
    /// Called in the watchdog's thread instead of all that.
    using expiry_function = std::function<void()>;

    /// `timeout` of less than three milliseconds counts as three. `on_expiry` replaces report and
    /// exit, for tests; after it the watchdog is idle. Throws startup_error without resources.
    explicit watchdog(std::chrono::milliseconds timeout, report_function report,
                      expiry_function on_expiry = {});
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;
    /// As stop().
    ~watchdog();

    /// Stops the thread and waits for it: fork(2) wants no other threads.
    void stop();

    /// Begins anew after stop(), with the whole time. Throws startup_error without resources.
    void start();

    /// To be called in each turn of the event loop; cheap, from any thread.
    void pat() noexcept { pats_.fetch_add(1, std::memory_order_relaxed); }

private:
    void run();

    std::chrono::milliseconds step_;
    report_function report_;
    expiry_function on_expiry_;
    file_descriptor stop_event_;
    std::atomic<std::uint64_t> pats_{1};
    std::thread thread_;
};

} // namespace postfix_proto
