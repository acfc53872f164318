/// Accepts clients on the sockets that master(8) listens on.
#pragma once

#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/client_connection.hpp"
#include "postfix_proto/deadline_list.hpp"
#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/work_in_hand.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace postfix_proto {

/// Serves each client in a coroutine of its own. Clients may use all descriptors of the process
/// except a reserve, or half of them where there are few. When these are used up, the client that
/// has been silent longest is closed to make room for the next one; if all are being served, the
/// next one waits in the listen queue.
class client_listener {
public:
    /// Serves one client. An exception is logged as a warning and closes the connection of that
    /// client only.
    using client_handler = std::function<boost::asio::awaitable<void>(client_connection&)>;

    /// Everything referred to must outlive the listener, and the listener the io_context's run.
    /// `request_time` is ipc_timeout.
    client_listener(boost::asio::io_context& context, std::chrono::seconds request_time,
                    std::size_t reserved_descriptors, work_in_hand& work, logger& log);

    /// Notifications to the owner of the listener. They must not throw.
    struct events {
        std::function<void()> on_client;    ///< one more client
        std::function<void()> on_caught_up; ///< each time when all that waited have been accepted
        std::function<void()> on_closed;    ///< close() has had its effect
    };

    /// Listens on the descriptors from `first` on.
    void start(int first, unsigned count, client_handler handler, events tell);

    /// Stops accepting clients. One that is just being accepted is still served; one that has been
    /// answered and might send another request is closed.
    void close();

    /// True when no more clients will come.
    [[nodiscard]] bool closed() const noexcept {
        return (closing_ || listeners_.empty()) && !accepting_.any();
    }

    /// Whether the listener accepts clients as they come: it has accepted one since the last call,
    /// or none is waiting now. A listener whose loop has ended, for whatever reason, does not keep
    /// up; a closed listener does.
    [[nodiscard]] bool keeps_up();

private:
    struct listener {
        boost::asio::posix::stream_descriptor socket;
        bool has_accepted = false; // since keeps_up()
    };

    boost::asio::awaitable<void> accept_clients(listener& from);
    boost::asio::awaitable<void> accept_failed(int reason);
    boost::asio::awaitable<void> make_room();
    boost::asio::awaitable<void> pause();
    boost::asio::awaitable<void> serve(file_descriptor client, work_in_hand::piece counted);
    void say_full(const std::string& why);

    boost::asio::io_context& context_;
    work_in_hand& work_;
    logger& log_;
    deadline_list request_deadlines_;
    client_handler handler_;
    events tell_;
    std::vector<listener> listeners_;
    boost::asio::steady_timer pause_timer_;
    work_in_hand accepting_; // the accept loops
    work_in_hand clients_;   // those that are being served, and those about to be
    std::size_t client_limit_;
    bool said_full_ = false;
    bool closing_ = false;
};

} // namespace postfix_proto
