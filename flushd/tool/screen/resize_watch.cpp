#include "flushd/tool/screen/resize_watch.hpp"

#include <poll.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace flushd::tool {

namespace {

volatile std::sig_atomic_t has_changed = 0;

} // namespace

resize_watch::resize_watch() {
    struct sigaction action {};
    action.sa_handler = [](int) { has_changed = 1; };
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGWINCH, &action, &old_action_);
    // It is let through while waiting only, so that none is lost before.
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGWINCH);
    ::sigprocmask(SIG_BLOCK, &blocked, &old_mask_);
}

resize_watch::~resize_watch() {
    ::sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
    ::sigaction(SIGWINCH, &old_action_, nullptr);
}

bool resize_watch::wait_until(std::chrono::steady_clock::time_point end, int fd) const {
    using namespace std::chrono;
    if (has_changed != 0)
        return true;
    auto mask = old_mask_;
    sigdelset(&mask, SIGWINCH);
    const auto left =
        std::max(duration_cast<nanoseconds>(end - steady_clock::now()), nanoseconds(0));
    const timespec time{.tv_sec = static_cast<std::time_t>(left.count() / 1'000'000'000),
                        .tv_nsec = static_cast<long>(left.count() % 1'000'000'000)};
    pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::ppoll(&wanted, 1, &time, &mask);
    return has_changed != 0 || ready > 0;
}

bool resize_watch::take_change() const noexcept {
    const bool result = has_changed != 0;
    has_changed = 0;
    return result;
}

} // namespace flushd::tool
