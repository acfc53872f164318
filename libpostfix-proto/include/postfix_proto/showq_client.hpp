/// Client of showq(8), the service that lists all queued mail.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/service_connection.hpp"
#include "postfix_proto/showq_decoder.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace postfix_proto {

/// The location of the service and its time limit.
struct showq_client_settings {
    /// The service's socket, relative to the current directory.
    std::string path = "public/showq";
    /// How long the service may be silent (ipc_timeout), and how long connecting may take. The
    /// whole listing has no limit, because a queue may have any length.
    std::chrono::milliseconds silence_limit = std::chrono::hours(1);
};

/// Iterates once over the queue listing of any Postfix since 3.4 (see showq_decoder). The client
/// keeps no message or recipient after returning the next one, so memory does not grow with the
/// queue, nor with the recipients of one message; showq waits while the caller is busy.
///
///     showq_client queue(context);
///     while (const auto* message = co_await queue.next()) {
///         ...                                      // message->queue_name, message->id
///         while (const auto* recipient = co_await queue.next_recipient())
///             ...                                  // recipient->address, recipient->reason
///     }
///     if (queue.failure())
///         ...                                      // the list is not complete
///
/// The listing is not a snapshot: a message that is moved from one queue to another meanwhile may
/// be listed twice, or not at all. For the right to connect see flush_client; a program with
/// setgid_group must check authorized_mailq_users.
///
/// Only one step may be in progress at a time. The client must outlive its steps, and the
/// io_context the client. A step that is cancelled (see service_connection) returns null, and the
/// failure is `cancelled`.
class showq_client {
public:
    /// Does not connect; the first step does.
    explicit showq_client(boost::asio::io_context& context, showq_client_settings settings = {});

    /// The next message, or null after the last one and after a failure. Skips the remaining
    /// recipients of the previous message. Valid until the next call.
    [[nodiscard]] boost::asio::awaitable<const queued_message*> next();

    /// The next recipient of that message, or null after the last one and after a failure. Valid
    /// until the next call of either.
    [[nodiscard]] boost::asio::awaitable<const queued_recipient*> next_recipient();

    /// Closes the connection. A step in progress returns null; the failure is then `client_closed`,
    /// unless the list had ended.
    void close();

    /// Why the listing is incomplete, if it is. Worded as by postqueue(1) when the mail system is
    /// down.
    [[nodiscard]] const std::optional<service_failure>& failure() const noexcept {
        return failure_;
    }

private:
    friend class blocking_showq_client;

    // False when more input is needed to tell; else what next() has to return.
    [[nodiscard]] bool find(const queued_message*& message);
    [[nodiscard]] bool find(const queued_recipient*& recipient);
    [[nodiscard]] showq_decoder::event take_event();
    // False after a failure.
    [[nodiscard]] boost::asio::awaitable<bool> read_more();
    template <typename Item>
    [[nodiscard]] boost::asio::awaitable<const Item*> find_or_read();

    service_connection service_;
    std::chrono::milliseconds silence_limit_;
    showq_decoder decoder_;
    std::string input_;
    std::string_view rest_; // of input_
    bool connected_ = false;
    bool has_ended_ = false;
    bool in_message_ = false;
    std::optional<service_failure> failure_;
};

/// Blocking variant, for programs that have nothing else to do: each call waits for its result.
class blocking_showq_client {
public:
    /// Does not connect; the first call does.
    explicit blocking_showq_client(showq_client_settings settings = {})
        : client_(context_, std::move(settings)) {}

    /// As showq_client::next().
    [[nodiscard]] const queued_message* next();
    /// As showq_client::next_recipient().
    [[nodiscard]] const queued_recipient* next_recipient();
    /// As showq_client::failure().
    [[nodiscard]] const std::optional<service_failure>& failure() const noexcept {
        return client_.failure();
    }

private:
    [[nodiscard]] bool read_more();

    boost::asio::io_context context_{1};
    showq_client client_;
};

} // namespace postfix_proto
