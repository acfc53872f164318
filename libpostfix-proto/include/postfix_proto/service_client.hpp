/// Asks a Postfix service one thing after another.
#pragma once

#include "postfix_proto/attribute_scanner.hpp"
#include "postfix_proto/reply_decoder.hpp"
#include "postfix_proto/service_connection.hpp"

#include <utility> // Boost 1.74's coroutine headers need it before them

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace postfix_proto {

/// What clients of services have in common that answer each request with one list and then wait for
/// the next one, such as anvil(8) and verify(8). Connects with the first request and keeps the
/// connection; connects anew when the service has closed it, which it may do after each reply
/// (ipc_idle, max_idle, a reload). Services of Postfix 3.5 and of 3.6 and later alike, without
/// being told which it is (see reply_decoder).
///
/// One request at a time, all in one thread. The io_context must outlive it, and it its requests.
class service_client {
public:
    /// `path` is the socket's, relative to the current directory; `protocol`, a literal, the name
    /// that the service announces. `limit` is for one request in all, from connecting to the reply.
    service_client(boost::asio::io_context& context, std::string path, std::string_view protocol,
                   attribute_form form, std::chrono::milliseconds limit);

    /// Sends a request, and feeds the reply to the scanner. Nothing when that is `complete`, else
    /// why not; the connection is closed then. A request may reach the service twice, as with
    /// stock's clients: when a connection that was kept is closed before the reply is complete.
    [[nodiscard]] boost::asio::awaitable<service_connection::outcome> ask(std::string request,
                                                                          attribute_scanner& reply);

    /// Until the next request. For a service to which the connection itself means something.
    void close();

    /// What a caller makes of a reply that it cannot use, see service_connection.
    [[nodiscard]] service_failure malformed(std::string_view detail) const {
        return service_.malformed(detail);
    }

private:
    [[nodiscard]] boost::asio::awaitable<service_connection::outcome>
    ask_once(const std::string& request, attribute_scanner& reply);

    service_connection service_;
    std::string_view protocol_;
    attribute_form form_;
    std::chrono::milliseconds limit_;
    reply_decoder lists_;
    bool is_connected_ = false;
};

} // namespace postfix_proto
