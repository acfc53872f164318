/// Asks a Postfix service one thing after another.
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

/// What clients of services have in common that answer each request with one list and then wait for
/// the next one, such as anvil(8) and verify(8). Connects with the first request and keeps the
/// connection; connects anew when the service has closed it, which it may do after each reply
/// (ipc_idle, max_idle, a reload). Services of Postfix 3.5 and of 3.6 and later alike, without
/// being told which it is (see reply_decoder).
///
/// The service is asked one thing at a time. Further requests wait for their turn, in order, with
/// their time limit running; those beyond `most_waiting` are refused as `too_many`. All in one
/// thread; the io_context must outlive it. A request that is cancelled (see service_connection)
/// ends as `cancelled` and costs the connection when it is under way.
class service_client {
public:
    /// How many requests may wait, where the settings of a client do not say otherwise.
    static constexpr std::size_t default_most_waiting = 100;

    /// `path` is the socket's, relative to the current directory; `protocol`, a literal, the name
    /// that the service announces. `limit` is for one request in all, from its beginning, also
    /// while it waits, to the reply.
    service_client(boost::asio::io_context& context, std::string path, std::string_view protocol,
                   attribute_form form, std::chrono::milliseconds limit,
                   std::size_t most_waiting = default_most_waiting);
    /// Closes it for good.
    ~service_client();
    service_client(const service_client&) = delete;
    service_client& operator=(const service_client&) = delete;

    /// Sends a request, and feeds the reply to the scanner, which must be there until then. Nothing
    /// when that is `complete`, else why not; the connection is closed then. A request may reach
    /// the service twice, as with stock's clients: when a connection that was kept is closed before
    /// the reply is complete. `complaint` says what is wrong with a reply that is complete, and so
    /// makes it `malformed`; empty if nothing.
    [[nodiscard]] boost::asio::awaitable<service_connection::outcome>
    ask(std::string request, attribute_scanner& reply,
        std::function<std::string()> complaint = nullptr);

    /// Hangs up until the next request. For a service to which the connection itself means
    /// something. Requests that are under way or wait end as `client_closed`.
    void close();

private:
    struct state;

    std::shared_ptr<state> state_; // shared with requests that may end later
};

} // namespace postfix_proto
