/// Keeps a send to so many messages in a time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>

namespace flushd {

/// Who looks late may make up for a second, and not for more.
class send_rate {
public:
    using clock = std::chrono::steady_clock;

    /// 0: as fast as one likes.
    explicit send_rate(std::chrono::microseconds interval) : interval_(interval) {}

    /// How many messages may go now.
    [[nodiscard]] std::size_t room(clock::time_point now) {
        if (interval_.count() == 0)
            return std::numeric_limits<std::size_t>::max();
        next_ =
            std::max(next_, now - std::max<clock::duration>(interval_, std::chrono::seconds(1)));
        return now < next_ ? 0 : static_cast<std::size_t>((now - next_) / interval_) + 1;
    }
    void add(std::size_t messages) { next_ += interval_ * static_cast<long>(messages); }
    /// Begins now, with one message.
    void start(clock::time_point now) { next_ = now; }

private:
    clock::duration interval_;
    clock::time_point next_{};
};

} // namespace flushd
