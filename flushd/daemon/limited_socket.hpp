/// Closes a socket when its time is over.
#pragma once

#include "postfix_proto/awaitable.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>

namespace flushd {

/// A socket of Asio's that is closed at a point in time, so that what waits for it ends. For one
/// thread; the io_context must outlive it.
template <typename Socket>
class limited_socket {
public:
    using clock = std::chrono::steady_clock;

    limited_socket(boost::asio::io_context& context, clock::time_point end)
        : state_(std::make_shared<state>(context)) {
        expires_at(end);
    }
    limited_socket(const limited_socket&) = delete;
    limited_socket& operator=(const limited_socket&) = delete;

    /// From now on, this is the end.
    void expires_at(clock::time_point end) {
        state_->end = end;
        state_->timer.expires_at(end);
        state_->timer.async_wait(
            [weak = std::weak_ptr<state>(state_)](const boost::system::error_code& cancelled) {
                // A handler that is queued already can no longer be cancelled.
                const auto target = weak.lock();
                if (cancelled || !target || clock::now() < target->end)
                    return;
                boost::system::error_code ignored;
                target->socket.close(ignored);
            });
    }
    [[nodiscard]] bool is_expired() const { return clock::now() >= state_->end; }

    Socket& operator*() { return state_->socket; }
    Socket* operator->() { return &state_->socket; }

private:
    struct state {
        explicit state(boost::asio::io_context& context) : socket(context), timer(context) {}
        Socket socket;
        boost::asio::steady_timer timer;
        clock::time_point end{};
    };
    std::shared_ptr<state> state_;
};

} // namespace flushd
