/// Limits how long log records wait for a log that does not keep up. Private to the library.
#pragma once

#include <chrono>

namespace postfix_proto {

/// Decides how long records wait for a log that does not keep up. If the reader has stopped, one
/// record waits for the whole limit, and no other one until the reader accepts records again. A
/// slow reader costs at most a tenth of the time. Only last words always wait, and longer, because
/// no other record follows them.
class log_patience {
public:
    using clock = std::chrono::steady_clock;

    /// The time until which the record may wait.
    [[nodiscard]] clock::time_point begin(bool is_last_word) noexcept;
    /// Call it when the wait is over, if there was one.
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

/// Waits until the descriptor is writable. Returns false at the time limit.
[[nodiscard]] bool wait_for_room(int fd, log_patience::clock::time_point end) noexcept;

} // namespace postfix_proto
