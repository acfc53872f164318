#include "postfix_proto/watchdog.hpp"

#include "postfix_proto/errors.hpp"

#include <fmt/format.h>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <limits>
#include <system_error>

namespace postfix_proto {

namespace {

constexpr unsigned report_time_limit = 5; // seconds, as stock gives its last message

/// Blocks all signals while a thread is started, so that only the main thread handles them.
class block_signals {
public:
    block_signals() {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &old_);
    }
    block_signals(const block_signals&) = delete;
    block_signals& operator=(const block_signals&) = delete;
    ~block_signals() { ::pthread_sigmask(SIG_SETMASK, &old_, nullptr); }

private:
    sigset_t old_{};
};

/// Ensures that the process ends even if the following calls do not return.
void arm_alarm() {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGALRM, &action, nullptr);
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    ::pthread_sigmask(SIG_UNBLOCK, &alarm_only, nullptr);
    ::alarm(report_time_limit);
}

} // namespace

bool watchdog_steps::missed_too_many(std::uint64_t pats) noexcept {
    missed_ = pats == seen_ ? missed_ + 1 : 0;
    seen_ = pats;
    return missed_ >= limit;
}

watchdog::watchdog(std::chrono::milliseconds timeout, report_function report,
                   expiry_function on_expiry)
    : step_(std::max(timeout / watchdog_steps::limit, std::chrono::milliseconds(1))),
      report_(std::move(report)), on_expiry_(std::move(on_expiry)),
      stop_event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!stop_event_)
        throw startup_error(fmt::format("watchdog: eventfd: {}", errno_text(errno)));
    start();
}

watchdog::~watchdog() { stop(); }

void watchdog::start() {
    const block_signals blocked;
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& error) {
        throw startup_error(fmt::format("watchdog: cannot start a thread: {}", error.what()));
    }
}

void watchdog::stop() {
    if (!thread_.joinable())
        return;
    (void)::eventfd_write(stop_event_.get(), 1);
    thread_.join();
    eventfd_t ignored = 0;
    (void)::eventfd_read(stop_event_.get(), &ignored);
}

void watchdog::run() {
    using clock = std::chrono::steady_clock; // CLOCK_MONOTONIC, which a suspended machine stops
    watchdog_steps steps;
    for (;;) {
        const auto step_end = clock::now() + step_;
        for (auto now = clock::now(); now < step_end; now = clock::now()) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(step_end - now).count();
            pollfd stop{stop_event_.get(), POLLIN, 0};
            if (::poll(&stop, 1,
                       static_cast<int>(
                           std::min<decltype(left)>(left, std::numeric_limits<int>::max()))) > 0)
                return;
        }
        if (steps.missed_too_many(pats_.load(std::memory_order_relaxed)))
            break;
    }
    if (on_expiry_) {
        on_expiry_();
        return;
    }
    arm_alarm();
    if (report_)
        report_(severity::fatal, "watchdog timeout");
    ::_exit(1);
}

} // namespace postfix_proto
