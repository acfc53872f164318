/// Long work in short turns.
#pragma once

#include <utility> // Boost 1.74's coroutine headers need it before them

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace flushd {

/// A coroutine with much to do works while its turn is not over, and then lets everything else
/// that is ready go first.
class turn {
public:
    using clock = std::chrono::steady_clock;

    /// 99 % of adds are to be done within 5 ms. A turn is some twenty moves, its end costs less
    /// than one.
    static constexpr std::chrono::microseconds length{400};

    /// The first turn begins now. `context` must outlive it.
    explicit turn(boost::asio::io_context& context) : context_(context) {}

    [[nodiscard]] bool is_over() const { return clock::now() >= end_; }

    [[nodiscard]] boost::asio::awaitable<void> next() {
        for (int i = 0; i < steps; ++i)
            co_await boost::asio::post(context_, boost::asio::use_awaitable);
        end_ = clock::now() + length;
    }

private:
    /// Serving a client is a chain of short steps, each of which is ready only after the one
    /// before: accept, announce, read, write. With one step a turn an add would take five turns.
    static constexpr int steps = 4;

    boost::asio::io_context& context_;
    clock::time_point end_ = clock::now() + length;
};

} // namespace flushd
