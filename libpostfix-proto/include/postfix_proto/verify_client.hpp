/// Client of verify(8), the service that knows whether mail to an address can be delivered.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/run_blocking.hpp"
#include "postfix_proto/service_client.hpp"
#include "postfix_proto/verify_protocol.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace postfix_proto {

/// The location of the service and the limits of a request.
struct verify_client_settings {
    /// The service's socket (address_verify_service_name), relative to the current directory. Its
    /// directory admits root and mail_owner.
    std::string path = "private/verify";
    /// The limit for a whole request (ipc_timeout).
    std::chrono::milliseconds limit = std::chrono::hours(1);
    /// How many requests may wait for the one in progress, see service_client.
    std::size_t most_waiting = service_client::default_most_waiting;
};

/// The answer of the service.
struct verify_answer {
    /// The reason why there is no answer.
    std::optional<service_failure> failure;
    address_status status = address_status::unknown; ///< what the service knows
    /// The message of the delivery agent, for a person. Contains no newline.
    std::string reason;
};

/// Addresses have the form used in a queue file, without the quotes of SMTP. Works with Postfix 3.5
/// and with 3.6 and later.
///
/// Any number of requests may be made at once. They are sent one at a time, and the number of
/// waiting requests is limited, see service_client. Destroying the client ends them as
/// `client_closed`.
class verify_client {
public:
    /// Connects with the first request. `context` must outlive it.
    explicit verify_client(boost::asio::io_context& context, verify_client_settings settings = {})
        : service_(context, std::move(settings.path), verify_protocol_name, attribute_form::nul,
                   settings.limit, settings.most_waiting) {}

    /// Does not wait for the probe that it may cause: while the answer is `unknown`, ask again
    /// later, as smtpd(8) does after address_verify_poll_delay.
    [[nodiscard]] boost::asio::awaitable<verify_answer> query(std::string address);

    /// See encode_verify_update(). Returns nothing on success.
    [[nodiscard]] boost::asio::awaitable<service_connection::outcome>
    update(std::string address, address_status status, std::string reason);

private:
    service_client service_;
};

/// Blocking variant, for programs that have nothing else to do: each call waits for its result.
class blocking_verify_client {
public:
    /// Connects with the first request.
    explicit blocking_verify_client(verify_client_settings settings = {})
        : client_(context_, std::move(settings)) {}

    /// See verify_client::query().
    [[nodiscard]] verify_answer query(std::string address) {
        return run_blocking(context_, client_.query(std::move(address)));
    }
    /// See verify_client::update().
    [[nodiscard]] service_connection::outcome update(std::string address, address_status status,
                                                     std::string reason) {
        return run_blocking(context_,
                            client_.update(std::move(address), status, std::move(reason)));
    }

private:
    boost::asio::io_context context_{1};
    verify_client client_;
};

} // namespace postfix_proto
