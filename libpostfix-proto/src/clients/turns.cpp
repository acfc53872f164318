#include "clients/turns.hpp"

#include "clients/service_failures.hpp"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace postfix_proto {

namespace asio = boost::asio;
using outcome = service_connection::outcome;

struct turns::waiter {
    enum class state { waits, is_let_in, is_sent_away };

    waiter(turns& o, std::chrono::steady_clock::time_point deadline)
        : owner(o), timer(o.context_, deadline), place(o.waiting_.insert(o.waiting_.end(), this)) {}
    ~waiter() {
        if (is == state::waits)
            owner.waiting_.erase(place);
        else if (is == state::is_let_in && !has_entered)
            owner.leave(); // it will not come any more
    }
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    void call(state now) {
        owner.waiting_.erase(place);
        is = now;
        timer.cancel();
    }

    turns& owner;
    asio::steady_timer timer;
    std::list<waiter*>::iterator place;
    state is = state::waits;
    bool has_entered = false;
};

turns::turns(asio::io_context& context, std::string path, std::size_t most_inside,
             std::size_t most_waiting)
    : context_(context), path_(std::move(path)),
      most_inside_(std::max<std::size_t>(most_inside, 1)), most_waiting_(most_waiting) {}

asio::awaitable<outcome> turns::enter(turn& mine, std::chrono::steady_clock::time_point deadline) {
    if (inside_ < most_inside_) {
        ++inside_;
        mine.is_inside_ = true;
        co_return std::nullopt;
    }
    if (waiting_.size() >= most_waiting_)
        co_return service_failure{service_failure::reason::too_many,
                                  fmt::format("too many requests wait for {}", path_)};
    waiter self(*this, deadline);
    boost::system::error_code ignored;
    co_await self.timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (self.is == waiter::state::is_let_in) {
        self.has_entered = true;
        mine.is_inside_ = true;
        co_return std::nullopt;
    }
    if (self.is == waiter::state::is_sent_away)
        co_return client_closed_failure("wait", path_);
    if (std::chrono::steady_clock::now() >= deadline)
        co_return timed_out_failure("wait", path_);
    co_return cancelled_failure("wait", path_);
}

void turns::leave() {
    if (waiting_.empty())
        --inside_;
    else
        waiting_.front()->call(waiter::state::is_let_in); // in this one's place
}

void turns::send_away() {
    while (!waiting_.empty())
        waiting_.front()->call(waiter::state::is_sent_away);
}

} // namespace postfix_proto
