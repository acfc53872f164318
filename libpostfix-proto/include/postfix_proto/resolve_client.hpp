/// Client of trivial-rewrite(8), the service that knows where the mail for an address goes.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/resolve_protocol.hpp"
#include "postfix_proto/run_blocking.hpp"
#include "postfix_proto/service_client.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace postfix_proto {

/// The location of the service and the limits of a request.
struct resolve_client_settings {
    /// The service's socket (rewrite_service_name), relative to the current directory. Its
    /// directory admits root and mail_owner.
    std::string path = "private/rewrite";
    /// The limit for a whole request (ipc_timeout).
    std::chrono::milliseconds limit = std::chrono::hours(1);
    /// How many requests may wait for the one in progress, see service_client.
    std::size_t most_waiting = service_client::default_most_waiting;
};

/// The answer of the service.
struct resolve_answer {
    /// The reason why there is no answer.
    std::optional<service_failure> failure;
    std::string transport; ///< a service of master.cf
    std::string nexthop;   ///< what the transport is to connect to; empty for some
    std::string recipient; ///< the address as the transport gets it
};

/// Addresses have the form used in a queue file, without the quotes of SMTP. Works with Postfix 3.5
/// and with 3.6 and later.
///
/// Any number of requests may be made at once. They are sent one at a time, and the number of
/// waiting requests is limited, see service_client. Destroying the client ends them as
/// `client_closed`.
class resolve_client {
public:
    /// Connects with the first request. `context` must outlive it.
    explicit resolve_client(boost::asio::io_context& context, resolve_client_settings settings = {})
        : service_(context, std::move(settings.path), resolve_protocol_name, attribute_form::nul,
                   settings.limit, settings.most_waiting) {}

    /// Where the mail for this address goes; see encode_resolve_query().
    [[nodiscard]] boost::asio::awaitable<resolve_answer> query(std::string sender,
                                                               std::string address);

private:
    service_client service_;
};

/// Blocking variant, for programs that have nothing else to do: each call waits for its result.
class blocking_resolve_client {
public:
    /// Connects with the first request.
    explicit blocking_resolve_client(resolve_client_settings settings = {})
        : client_(context_, std::move(settings)) {}

    /// See resolve_client::query().
    [[nodiscard]] resolve_answer query(std::string sender, std::string address) {
        return run_blocking(context_, client_.query(std::move(sender), std::move(address)));
    }

private:
    boost::asio::io_context context_{1};
    resolve_client client_;
};

} // namespace postfix_proto
