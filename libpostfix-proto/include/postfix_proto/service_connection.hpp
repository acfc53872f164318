/// Connects a client to a Postfix service, and sends and receives bytes within a time limit.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

/// The reason why a service gave no answer, or no usable one.
struct service_failure {
    /// The kinds of failure, by what a program can do about them.
    enum class reason {
        unreachable,      ///< no process listens: the mail system is down
        forbidden,        ///< the user may not connect
        timed_out,        ///< it took too long
        closed,           ///< the service closed the connection before the end of the reply
        malformed,        ///< the reply does not conform to the protocol
        out_of_resources, ///< this process or machine has no descriptor or memory left (EMFILE,
                          ///< ENFILE, ENOBUFS, ENOMEM); the state of the service is unknown
        too_many,         ///< the limit of waiting requests is reached; nothing was sent
        cancelled,        ///< the coroutine was cancelled; the service may still act on the request
        client_closed,    ///< the client was closed or destroyed meanwhile; likewise
    };
    reason why; ///< for a program
    /// Text for a person, which names the service: "read timeout on public/flush". Contains no
    /// control characters and no newline.
    std::string text;
};

/// Connects to the socket of a service and handles the byte-level part of a conversation; the
/// caller interprets the bytes, see reply_decoder. Each step returns nothing on success and a
/// failure otherwise; after a failure the connection can only be closed. Only one step may be in
/// progress at a time, all in one thread.
///
///     service_connection service(context, "public/flush");
///     service.expires_after(std::chrono::seconds(10));
///     if (const auto failure = co_await service.connect()) ...
///
/// When the coroutine is cancelled (from Boost 1.77 on, see the tutorial), the step in progress
/// fails as `cancelled`; when the connection is closed or destroyed, as `client_closed`. The
/// io_context must outlive it.
class service_connection {
public:
    /// The outcome of a step: nothing on success.
    using outcome = std::optional<service_failure>;

    /// `path` is the path of the socket, relative to the current directory; at most 107 bytes.
    service_connection(boost::asio::io_context& context, std::string path);
    ~service_connection();
    service_connection(const service_connection&) = delete;
    service_connection& operator=(const service_connection&) = delete;

    /// Sets the time, from now, within which all following steps must be done. Call it at the
    /// beginning to limit a whole conversation, or before each step. Without a limit, steps wait
    /// for ever.
    void expires_after(std::chrono::milliseconds limit);
    /// The same as a point in time.
    void expires_at(std::chrono::steady_clock::time_point end);

    /// Connects. Waits while the service's backlog is full, as a blocking client would. Closes the
    /// previous connection, if any.
    [[nodiscard]] boost::asio::awaitable<outcome> connect();

    /// Sends the bytes. If the service has already closed the connection, send() does not fail: the
    /// service may have answered before, and receive() reports the answer or the end.
    [[nodiscard]] boost::asio::awaitable<outcome> send(std::string bytes);

    /// Waits for input and appends it to `input`, at least a byte and at most 16 KiB. The end of
    /// the input is the failure `closed`. `input` must outlive the step.
    [[nodiscard]] boost::asio::awaitable<outcome> receive(std::string& input);

    /// Closes the connection. Afterwards only connect() is possible.
    void close();

    /// Whether the connection is open and has no unread input, that is, whether a connection that
    /// was kept can be reused.
    [[nodiscard]] bool is_quiet() const;

    /// The failure that a caller reports for unusable input. `detail` says what is wrong with it.
    [[nodiscard]] service_failure malformed(std::string_view detail) const;
    /// The failure that a caller reports when it is cancelled between two steps, which Asio signals
    /// by an exception.
    [[nodiscard]] service_failure cancelled() const;
    /// The failure that a caller reports after close() in the middle of a conversation.
    [[nodiscard]] service_failure client_closed() const;

private:
    struct state;

    std::shared_ptr<state> state_; // shared with steps that may end later
};

} // namespace postfix_proto
