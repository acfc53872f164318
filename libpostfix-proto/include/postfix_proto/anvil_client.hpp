/// Asks anvil(8), which counts connections and requests of remote clients for all servers.
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

/// Where the service is, and how long one waits.
struct anvil_client_settings {
    /// The service's socket, relative to the current directory. Its directory lets in root and
    /// mail_owner.
    std::string path = "private/anvil";
    /// For one request in all (ipc_timeout).
    std::chrono::milliseconds limit = std::chrono::hours(1);
    /// How many requests may wait for the one that is under way, see service_client.
    std::size_t most_waiting = service_client::default_most_waiting;
};

/// What the service says.
struct anvil_answer {
    /// Why there are no counts.
    std::optional<service_failure> failure;
    /// Those that the request asks for; all others are zero.
    anvil_counts counts;
};

/// A client for each connection of a remote client that is to be counted: anvil ties a `connect` to
/// the connection it came by, and takes it for disconnected when that ends or when another
/// `connect` comes by the same one. For all else one is enough. With services of Postfix 3.5 and of
/// 3.6 and later alike.
///
/// Any number of requests may be made at once; the service is asked one at a time, and those that
/// wait are limited, see service_client. Destroying the client ends them as `client_closed`.
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

/// The same for a program that has nothing else to do: each call blocks.
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
