#include "log/log_patience.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace postfix_proto {

log_patience::clock::time_point log_patience::begin(bool is_last_word) noexcept {
    const auto now = clock::now();
    left_ = std::min<clock::duration>(longest, left_ + (now - changed_) / regained_part);
    changed_ = now;
    is_waiting_ = true;
    if (is_last_word)
        return now + longest_for_last_word;
    return is_behind_ ? now : now + left_;
}

void log_patience::end(bool is_sent) noexcept {
    is_behind_ = !is_sent;
    if (!is_waiting_)
        return;
    const auto now = clock::now();
    left_ = std::max(clock::duration::zero(), left_ - (now - changed_));
    changed_ = now;
    is_waiting_ = false;
}

bool wait_for_room(int fd, log_patience::clock::time_point end) noexcept {
    using clock = log_patience::clock;
    pollfd writable{fd, POLLOUT, 0};
    for (auto now = clock::now(); now < end; now = clock::now()) {
        const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(end - now).count();
        const timespec time{rest / 1'000'000'000, rest % 1'000'000'000};
        const int ready = ::ppoll(&writable, 1, &time, nullptr);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true; // the write will report the error
    }
    return false;
}

} // namespace postfix_proto
