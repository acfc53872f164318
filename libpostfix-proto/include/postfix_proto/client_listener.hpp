/// Takes clients from the sockets that master(8) listens on.
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

/// Serves each client in a coroutine of its own. Clients may use all descriptors that the process
/// may have but a reserve, or half of them where there are few; when they are used up, the client
/// that has been silent longest makes room for the next one, and if all are being served the next
/// one waits in the listen queue.
class client_listener {
public:
    /// Serves one client. An exception is logged as a warning and costs that client its
    /// connection, nobody else.
    using client_handler = std::function<boost::asio::awaitable<void>(client_connection&)>;

    /// Everything referred to must outlive the listener, and the listener the io_context's run.
    /// `request_time` is ipc_timeout.
    client_listener(boost::asio::io_context& context, std::chrono::seconds request_time,
                    std::size_t reserved_descriptors, work_in_hand& work, logger& log);

    /// What the listener tells its owner. None of them must throw.
    struct events {
        std::function<void()> on_client;    ///< one more client
        std::function<void()> on_caught_up; ///< each time when all that waited have been accepted
        std::function<void()> on_closed;    ///< close() has had its effect
    };

    /// Listens on the descriptors from `first` on.
    void start(int first, unsigned count, client_handler handler, events tell);

    /// Takes no more clients. One that is just being accepted is still served; one that has been
    /// answered and may ask again is given up.
    void close();

    /// True when no more clients will come.
    [[nodiscard]] bool closed() const noexcept {
        return (closing_ || listeners_.empty()) && !accepting_.any();
    }

    /// Whether clients are being accepted: since this was last asked one was, or none waits now. A
    /// listener whose loop has ended, for whatever reason, does not keep up; one that is closed
    /// need not.
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
