/// Limits how many coroutines do something at the same time, and queues the others in order.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/result.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <list>
#include <utility>

namespace postfix_proto {

/// Limits how many coroutines use connections, descriptors or memory at the same time. The others
/// wait, and get their turns in the order in which they came. Must outlive its turns and the
/// coroutines that wait for one. For one thread only.
class turns {
    struct place;

public:
    /// Permits `most` turns at a time, but at least one. At most `most_waiting` coroutines may wait
    /// in take_before().
    turns(boost::asio::io_context& context, std::size_t most,
          std::size_t most_waiting = std::numeric_limits<std::size_t>::max());
    turns(const turns&) = delete;
    turns& operator=(const turns&) = delete;

    /// A coroutine's turn, which lasts until this object is destroyed.
    class turn {
    public:
        /// Takes over the turn of `other`.
        turn(turn&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
        turn& operator=(turn&&) = delete;
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn() {
            if (owner_ != nullptr)
                owner_->pass_on();
        }

    private:
        friend class turns;
        explicit turn(turns& owner) noexcept : owner_(&owner) {}

        turns* owner_;
    };

    /// Why a coroutine gets no turn.
    enum class refusal {
        too_many,  ///< `most_waiting` others wait already
        timed_out, ///< the deadline has passed
        sent_away, ///< send_away() was called
        cancelled, ///< the coroutine was cancelled while it waited
    };

    /// Waits for a turn, however long it takes. Nothing ends the wait, not even send_away().
    [[nodiscard]] boost::asio::awaitable<turn> take();

    /// Waits for a turn until the deadline.
    [[nodiscard]] boost::asio::awaitable<result<turn, refusal>>
    take_before(std::chrono::steady_clock::time_point deadline);

    /// Refuses a turn to all coroutines that wait in take_before() now.
    void send_away();

private:
    bool take_free_one() noexcept;
    void pass_on() noexcept;

    boost::asio::io_context& context_;
    std::size_t most_waiting_;
    std::size_t free_; // 0 while a coroutine waits
    std::list<place*> line_;
};

} // namespace postfix_proto
