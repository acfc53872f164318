/// Handles the conversation with one client.
#pragma once

#include "flushd/daemon/flush_service.hpp"

#include "postfix_proto/client_connection.hpp"
#include "postfix_proto/log.hpp"

#include <boost/asio/awaitable.hpp>

namespace flushd {

/// Announces the protocol (if this Postfix does), reads one request, has it handled, and replies. A
/// malformed request is answered BAD, and logged once.
boost::asio::awaitable<void> serve_client(postfix_proto::client_connection& client,
                                          flush_service& service, bool announce,
                                          postfix_proto::logger& log);

} // namespace flushd
