/// Limits how many coroutines do something at the same time.
#pragma once

#include "postfix_proto/awaitable.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <list>

namespace flushd {

/// Limits how many coroutines use descriptors and memory at the same time. The others wait, and
/// continue in the order in which they came. Must outlive them. Single-threaded.
class turns {
public:
    /// Permits `most` coroutines at a time.
    turns(boost::asio::io_context& context, std::size_t most) : context_(context), free_(most) {}

    /// A coroutine's turn, which lasts until this object is destroyed.
    class turn {
    public:
        explicit turn(turns& owner) noexcept : owner_(&owner) {}
        turn(turn&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
        turn& operator=(turn&&) = delete;
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn() {
            if (owner_ != nullptr)
                owner_->pass_on();
        }

    private:
        turns* owner_;
    };

    /// Waits until fewer than `most` coroutines have a turn.
    [[nodiscard]] boost::asio::awaitable<turn> take() {
        if (free_ > 0) { // and nobody waits
            --free_;
            co_return turn(*this);
        }
        place mine(*this);
        while (!mine.has_turn) {
            boost::system::error_code ignored;
            co_await mine.turn_comes.async_wait(
                boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
        }
        mine.has_turn = false; // it is the turn's from here on
        co_return turn(*this);
    }

private:
    struct place {
        explicit place(turns& owner)
            : turn_comes(owner.context_, boost::asio::steady_timer::time_point::max()), line(owner),
              in_line(owner.line_.insert(owner.line_.end(), this)) {}
        place(const place&) = delete;
        place& operator=(const place&) = delete;
        ~place() {
            if (in_line != line.line_.end())
                line.line_.erase(in_line);
            if (has_turn)
                line.pass_on();
        }

        boost::asio::steady_timer turn_comes; // cancelled when the turn comes
        bool has_turn = false;
        turns& line;
        std::list<place*>::iterator in_line;
    };

    // Resumes no coroutine before it returns: a thousand idle ones would call each other.
    void pass_on() noexcept {
        if (line_.empty()) {
            ++free_;
            return;
        }
        place& next = *line_.front();
        line_.pop_front();
        next.in_line = line_.end();
        next.has_turn = true;
        static_cast<void>(next.turn_comes.cancel());
    }

    boost::asio::io_context& context_;
    std::size_t free_;
    std::list<place*> line_;
};

} // namespace flushd
