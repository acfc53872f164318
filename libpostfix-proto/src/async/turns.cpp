#include "postfix_proto/turns.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace postfix_proto {

namespace asio = boost::asio;
using time_point = std::chrono::steady_clock::time_point;

/// A coroutine's place in the line of those that wait.
struct turns::place {
    enum class state { waits, has_turn, is_sent_away, has_left };

    place(turns& o, time_point deadline, bool refusable)
        : owner(o), is_refusable(refusable), timer(o.context_, deadline),
          in_line(o.line_.insert(o.line_.end(), this)) {}
    ~place() {
        if (is == state::waits)
            owner.line_.erase(in_line);
        else if (is == state::has_turn)
            owner.pass_on(); // the coroutine was destroyed before it continued
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;

    /// Completes when the coroutine is called, when the deadline has passed, or on cancellation.
    asio::awaitable<void> wait() {
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    void call(state now) {
        owner.line_.erase(in_line);
        is = now;
        timer.cancel();
    }
    turn leave() {
        is = state::has_left;
        return turn(owner);
    }

    turns& owner;
    bool is_refusable;
    asio::steady_timer timer;
    std::list<place*>::iterator in_line;
    state is = state::waits;
};

turns::turns(asio::io_context& context, std::size_t most, std::size_t most_waiting)
    : context_(context), most_waiting_(most_waiting), free_(std::max<std::size_t>(most, 1)) {}

asio::awaitable<turns::turn> turns::take() {
    if (take_free_one())
        co_return turn(*this);
    place mine(*this, time_point::max(), false);
    while (mine.is == place::state::waits)
        co_await mine.wait();
    co_return mine.leave();
}

asio::awaitable<result<turns::turn, turns::refusal>> turns::take_before(time_point deadline) {
    if (take_free_one())
        co_return turn(*this);
    if (line_.size() >= most_waiting_)
        co_return unexpected(refusal::too_many);
    place mine(*this, deadline, true);
    co_await mine.wait();
    if (mine.is == place::state::has_turn)
        co_return mine.leave();
    if (mine.is == place::state::is_sent_away)
        co_return unexpected(refusal::sent_away);
    co_return unexpected(std::chrono::steady_clock::now() >= deadline ? refusal::timed_out
                                                                      : refusal::cancelled);
}

void turns::send_away() {
    for (auto next = line_.begin(); next != line_.end();) {
        place& one = **next++;
        if (one.is_refusable)
            one.call(place::state::is_sent_away);
    }
}

bool turns::take_free_one() noexcept {
    if (free_ == 0)
        return false;
    --free_;
    return true;
}

// Resumes no coroutine before it returns: a thousand idle ones would call each other.
void turns::pass_on() noexcept {
    if (line_.empty())
        ++free_;
    else
        line_.front()->call(place::state::has_turn);
}

} // namespace postfix_proto
