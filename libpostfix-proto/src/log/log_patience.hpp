/// Limits how long log records wait for a log that does not keep up. Private to the library.
#pragma once

#include <chrono>

namespace postfix_proto {

/// How long records wait for a log that is behind. A reader that has stopped makes one record wait
/// for the whole time, and no further one until something has been taken again; one that is slow
/// costs a tenth of the time at most. Only last words wait in any case, and longer: no other record
/// waits behind them.
class log_patience {
public:
    using clock = std::chrono::steady_clock;

    /// Until when the record may wait.
    [[nodiscard]] clock::time_point begin(bool is_last_word) noexcept;
    /// The waiting is over, if there was any.
    void end(bool is_sent) noexcept;

private:
    static constexpr std::chrono::milliseconds longest{200};
    static constexpr std::chrono::milliseconds longest_for_last_word{1000};
    static constexpr int regained_part = 10;

    clock::duration left_ = longest;
    clock::time_point changed_ = clock::now(); // when `left_` was right
    bool is_waiting_ = false;
    bool is_behind_ = false;
};

/// Waits until the descriptor takes something. False when it is too late for that.
[[nodiscard]] bool wait_for_room(int fd, log_patience::clock::time_point end) noexcept;

} // namespace postfix_proto
