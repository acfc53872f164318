/// Keeps idle connections to proxymap(8) for later questions. Private to the library.
#pragma once

#include "clients/proxymap_connection.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <list>
#include <memory>

namespace postfix_proto {

/// Closes a connection that has been idle for some time. Must outlive the io_context's run.
class idle_connections {
public:
    using pointer = std::unique_ptr<proxymap_connection>;

    /// Closes a connection that has been idle for `idle_limit`, and keeps none that has been open
    /// for `connection_limit`.
    idle_connections(boost::asio::io_context& context, std::chrono::seconds idle_limit,
                     std::chrono::seconds connection_limit)
        : idle_limit_(idle_limit), connection_limit_(connection_limit), timer_(context) {}

    /// Takes the connection that was used last and is still usable; null if there is none.
    [[nodiscard]] pointer take();

    /// Keeps a connection for a later question, or closes it if it has reached the age limit.
    void keep(pointer connection);

private:
    using clock = std::chrono::steady_clock;
    struct kept {
        pointer connection;
        clock::time_point closing_time;
    };

    void close_later();

    std::chrono::seconds idle_limit_;
    std::chrono::seconds connection_limit_;
    boost::asio::steady_timer timer_;
    std::list<kept> kept_; // the longest idle first
    bool is_waiting_ = false;
};

} // namespace postfix_proto
