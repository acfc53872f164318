/// Client of anvil(8), the service that counts the connections and requests of remote clients on
/// behalf of all servers.
#pragma once

#include "postfix_proto/anvil_protocol.hpp"
#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/run_blocking.hpp"
#include "postfix_proto/service_client.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace postfix_proto {

/// The location of the service and the limits of a request.
struct anvil_client_settings {
    /// The service's socket, relative to the current directory. Its directory admits root and
    /// mail_owner.
    std::string path = "private/anvil";
    /// The limit for a whole request (ipc_timeout).
    std::chrono::milliseconds limit = std::chrono::hours(1);
    /// How many requests may wait for the one in progress, see service_client.
    std::size_t most_waiting = service_client::default_most_waiting;
};

/// The answer of the service.
struct anvil_answer {
    /// The reason why there are no counts.
    std::optional<service_failure> failure;
    /// The counts that the request asks for; all others are zero.
    anvil_counts counts;
};

/// Use one anvil_client for each counted connection of a remote client: anvil associates a
/// `connect` with the connection that carried it, and considers the remote client disconnected when
/// that connection ends or carries another `connect`. For all other requests one anvil_client is
/// enough. Works with Postfix 3.5 and with 3.6 and later.
///
/// Any number of requests may be made at once. They are sent one at a time, and the number of
/// waiting requests is limited, see service_client. Destroying the client ends them as
/// `client_closed`.
class anvil_client {
public:
    /// Connects with the first request. `context` must outlive it.
    explicit anvil_client(boost::asio::io_context& context, anvil_client_settings settings = {})
        : service_(context, std::move(settings.path), anvil_protocol_name, attribute_form::plain,
                   settings.limit, settings.most_waiting) {}

    /// See encode() for `service` and `client`.
    [[nodiscard]] boost::asio::awaitable<anvil_answer> ask(anvil_request what, std::string service,
                                                           std::string client);

private:
    service_client service_;
};

/// Blocking variant, for programs that have nothing else to do: each call waits for its result.
class blocking_anvil_client {
public:
    /// Connects with the first request.
    explicit blocking_anvil_client(anvil_client_settings settings = {})
        : client_(context_, std::move(settings)) {}

    /// See anvil_client::ask().
    [[nodiscard]] anvil_answer ask(anvil_request what, std::string service, std::string client) {
        return run_blocking(context_, client_.ask(what, std::move(service), std::move(client)));
    }

private:
    boost::asio::io_context context_{1};
    anvil_client client_;
};

} // namespace postfix_proto
