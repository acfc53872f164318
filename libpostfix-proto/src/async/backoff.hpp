/// Repeats an attempt with growing pauses until a deadline. Private to the library.
#pragma once

#include "postfix_proto/awaitable.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>

namespace postfix_proto {

/// Waits a little, and longer each time, until a deadline. For conditions that the kernel does not
/// report, such as space in the backlog of a listening socket.
class backoff {
public:
    using clock = std::chrono::steady_clock;

    backoff(boost::asio::io_context& context, clock::time_point end) : timer_(context), end_(end) {}

    /// Returns false if the deadline has passed.
    boost::asio::awaitable<bool> pause() {
        const auto now = clock::now();
        if (now >= end_)
            co_return false;
        timer_.expires_after(std::min<clock::duration>(delay_, end_ - now));
        delay_ = std::min<clock::duration>(delay_ * 2, std::chrono::milliseconds(100));
        co_await timer_.async_wait(
            boost::asio::redirect_error(boost::asio::use_awaitable, interruption_));
        co_return true;
    }

    /// Whether the last pause was cut short because the coroutine was cancelled.
    [[nodiscard]] bool is_interrupted() const noexcept { return interruption_.failed(); }

private:
    boost::asio::steady_timer timer_;
    clock::time_point end_;
    boost::system::error_code interruption_;
    clock::duration delay_ = std::chrono::milliseconds(1);
};

} // namespace postfix_proto
