/// Sends requests to a Postfix service, one at a time, over a connection that it keeps.
#pragma once

#include "postfix_proto/attribute_scanner.hpp"
#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/reply_decoder.hpp"
#include "postfix_proto/service_connection.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace postfix_proto {

/// The common part of the clients of services that answer each request with one list and then wait
/// for the next one, such as anvil(8) and verify(8). Connects with the first request and keeps the
/// connection; reconnects when the service has closed it, which it may do after each reply
/// (ipc_idle, max_idle, a reload). Works with Postfix 3.5 and with 3.6 and later, and need not be
/// told which one it is (see reply_decoder).
///
/// Sends one request at a time. Further requests wait for their turn, in order, with their time
/// limit running; those beyond `most_waiting` are refused as `too_many`. Use it in one thread only;
/// the io_context must outlive it. A request that is cancelled (see service_connection) ends as
/// `cancelled` and, if it is already in progress, closes the connection.
class service_client {
public:
    /// The number of requests that may wait, unless the settings of a client specify another one.
    static constexpr std::size_t default_most_waiting = 100;

    /// `path` is the path of the socket, relative to the current directory. `protocol` is the name
    /// that the service announces; it must be a literal. `limit` applies to a whole request, from
    /// its beginning to the reply, and includes the time that it waits.
    service_client(boost::asio::io_context& context, std::string path, std::string_view protocol,
                   attribute_form form, std::chrono::milliseconds limit,
                   std::size_t most_waiting = default_most_waiting);
    /// Closes the connection for good.
    ~service_client();
    service_client(const service_client&) = delete;
    service_client& operator=(const service_client&) = delete;

    /// Sends a request, and feeds the reply to the scanner, which must outlive the call. Returns
    /// nothing when the scanner is `complete`; otherwise closes the connection and returns the
    /// failure. As with the clients of stock Postfix, a request may reach the service twice: when a
    /// connection that was kept is closed before the reply is complete. `complaint` checks a
    /// complete reply; it returns what is wrong, which makes the reply `malformed`, or an empty
    /// text.
    [[nodiscard]] boost::asio::awaitable<service_connection::outcome>
    ask(std::string request, attribute_scanner& reply,
        std::function<std::string()> complaint = nullptr);

    /// Closes the connection until the next request, for a service to which the connection itself
    /// has a meaning. Requests that are in progress or waiting end as `client_closed`.
    void close();

private:
    struct state;

    std::shared_ptr<state> state_; // shared with requests that may end later
};

} // namespace postfix_proto
