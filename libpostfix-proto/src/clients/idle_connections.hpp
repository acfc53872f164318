/// Keeps the connections to proxymap(8) that nobody uses at the moment. Private to the library.
#pragma once

#include "clients/proxymap_connection.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <list>
#include <memory>

namespace postfix_proto {

/// Closes a connection that nobody takes for some time. Must outlive the io_context's run.
class idle_connections {
public:
    using pointer = std::unique_ptr<proxymap_connection>;

    /// `idle_limit` is for a connection that is not used, `connection_limit` for its whole life.
    idle_connections(boost::asio::io_context& context, std::chrono::seconds idle_limit,
                     std::chrono::seconds connection_limit)
        : idle_limit_(idle_limit), connection_limit_(connection_limit), timer_(context) {}

    /// The one that was used last and is still good; null when there is none.
    [[nodiscard]] pointer take();

    /// Keeps it for the next one, or closes it when it is old enough.
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
    std::list<kept> kept_; // the longest unused first
    bool is_waiting_ = false;
};

} // namespace postfix_proto
