/// A connection to a Postfix service, as its client.
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

/// Why a service gave no answer, or none that can be used.
struct service_failure {
    /// The kinds of failure, by what a program can do about them.
    enum class reason {
        unreachable,      ///< nobody listens: the mail system is down
        forbidden,        ///< the user may not connect
        timed_out,        ///< it took too long
        closed,           ///< the service closed the connection before all was said
        malformed,        ///< what the service said is not the protocol
        out_of_resources, ///< this process or machine has no descriptor or memory left to connect
                          ///< with (EMFILE, ENFILE, ENOBUFS, ENOMEM); of the service nothing is
                          ///< known
        too_many,         ///< as many requests wait already as may; nothing was sent
        cancelled,        ///< the coroutine was cancelled; the service may do what it was told
        client_closed,    ///< the client was closed or destroyed in the middle; likewise
    };
    reason why; ///< for a program
    /// For a person, and names the service: "read timeout on public/flush". No control characters,
    /// no newline.
    std::string text;
};

/// Connects to the socket of a service and holds the bytes' part of a conversation; what they mean
/// is the caller's business, see reply_decoder. Each step gives nothing when it was done, or why it
/// was not; after a failure there is nothing left to do but to close. One step at a time, all in
/// one thread.
///
///     service_connection service(context, "public/flush");
///     service.expires_after(std::chrono::seconds(10));
///     if (const auto failure = co_await service.connect()) ...
///
/// When the coroutine is cancelled (from Boost 1.77 on, see the tutorial), the step that is under
/// way fails as `cancelled`; when the connection is closed or destroyed, as `client_closed`. The
/// io_context must outlive it.
class service_connection {
public:
    /// Of a step: nothing when it was done.
    using outcome = std::optional<service_failure>;

    /// `path` is the socket's, relative to the current directory; at most 107 bytes.
    service_connection(boost::asio::io_context& context, std::string path);
    ~service_connection();
    service_connection(const service_connection&) = delete;
    service_connection& operator=(const service_connection&) = delete;

    /// Sets the time, from now, by which all steps that follow must be done: at the beginning for a
    /// whole conversation, or before each step. Without it they wait for ever.
    void expires_after(std::chrono::milliseconds limit);
    /// The same as a point in time.
    void expires_at(std::chrono::steady_clock::time_point end);

    /// Waits while the service's backlog is full, as a blocking client would. Closes what was
    /// connected before.
    [[nodiscard]] boost::asio::awaitable<outcome> connect();

    /// A service that has closed the connection already is no failure yet: it may have answered
    /// before, and receive() tells.
    [[nodiscard]] boost::asio::awaitable<outcome> send(std::string bytes);

    /// Appends what there is to `input`, at least a byte and at most 16 KiB. The end of the input
    /// is the failure `closed`. `input` must be there until then.
    [[nodiscard]] boost::asio::awaitable<outcome> receive(std::string& input);

    /// Hangs up. Nothing can be done with it afterwards but to connect() anew.
    void close();

    /// Whether the service is still there and has said nothing that was not received. Tells whether
    /// a connection that was kept can be used again.
    [[nodiscard]] bool is_quiet() const;

    /// What a caller makes of bytes that it cannot use. `detail` says what is wrong with them.
    [[nodiscard]] service_failure malformed(std::string_view detail) const;
    /// What a caller makes of being cancelled between two steps, which Asio reports by an
    /// exception.
    [[nodiscard]] service_failure cancelled() const;
    /// What a caller makes of close() in the middle of a conversation.
    [[nodiscard]] service_failure client_closed() const;

private:
    struct state;

    std::shared_ptr<state> state_; // shared with steps that may end later
};

} // namespace postfix_proto
