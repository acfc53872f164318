/// Represents a connected client to the code that serves it.
#pragma once

#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/deadline_list.hpp"
#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/work_in_hand.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/error_code.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

/// Reads from and writes to one client. Neither waits longer than the service's time limit
/// (ipc_timeout); when that has passed the result is boost::asio::error::timed_out. The time for
/// reading a whole request runs from the connection on, so that a client cannot buy time byte by
/// byte; each write has its own limit. For a client that is silent while others need its place, the
/// result is boost::asio::error::operation_aborted; do not answer it.
class client_connection {
public:
    virtual ~client_connection() = default;

    /// Waits for input and appends it to `input`, at least a byte and at most 4096. At the end of
    /// the input the error is boost::asio::error::eof.
    [[nodiscard]] virtual boost::asio::awaitable<boost::system::error_code>
    read_some(std::string& input) = 0;

    /// Sends all of `output`, which must stay valid until then.
    [[nodiscard]] virtual boost::asio::awaitable<boost::system::error_code>
    write(std::string_view output) = 0;

    /// Call this after each answer, in a protocol with several requests per connection: the next
    /// request has the whole time limit again. Until its first byte arrives the connection is idle;
    /// when the service retires, an idle connection is closed, and read_some() returns
    /// operation_aborted.
    virtual void expect_request() {}

    /// The effective user ID that the client had when it connected (SO_PEERCRED, unix(7)). Nothing
    /// if the socket is not a local one, or the client has gone.
    [[nodiscard]] virtual std::optional<uid_t> user() { return std::nullopt; }
};

/// A client that connected to a socket of master(8).
///
/// The socket is registered with the event loop only when there is something to wait for. The
/// request of a busy client has often arrived by the first read, and an answer always fits into an
/// empty socket buffer, so most connections are never registered.
///
/// A client that hangs up while its request is served leaves its place to the next one that needs
/// it: the socket is then closed, but the request is still carried out.
class socket_connection final : public client_connection {
public:
    /// `client` must be non-blocking; `context` and `limits` must outlive the connection. `place`,
    /// if any, counts the client; it is released when the socket is closed.
    socket_connection(boost::asio::io_context& context, file_descriptor client,
                      deadline_list& limits,
                      std::optional<work_in_hand::piece> place = std::nullopt);

    boost::asio::awaitable<boost::system::error_code> read_some(std::string& input) override;
    boost::asio::awaitable<boost::system::error_code> write(std::string_view output) override;
    void expect_request() override;
    [[nodiscard]] std::optional<uid_t> user() override;

private:
    using descriptor = boost::asio::posix::stream_descriptor;

    boost::asio::awaitable<boost::system::error_code> wait(descriptor::wait_type what);
    bool give_up(deadline_list::cause why);
    bool leave_if_hung_up();
    [[nodiscard]] int fd() { return waiting_ ? waiting_->native_handle() : client_.get(); }

    boost::asio::io_context& context_;
    std::optional<work_in_hand::piece> place_; // nothing: none was given, or the client has gone
    file_descriptor client_;
    deadline_list& limits_;
    std::optional<descriptor> waiting_; // owns the socket once it exists
    bool yielded_ = false;
    bool reading_ = false;               // and waiting for the client to say something
    bool served_ = false;                // it has said something, and nobody waits for the socket
    bool gone_ = false;                  // the socket has been closed
    bool idle_ = false;                  // between requests
    boost::system::error_code given_up_; // why the service wants no more of this client
    deadline_list::deadline deadline_;
};

/// The client of a service that was started with -S: standard input and standard output. Blocks,
/// because the process serves this client only and then ends.
class stdio_connection final : public client_connection {
public:
    /// `limit` is for each read and each write (ipc_timeout).
    explicit stdio_connection(std::chrono::seconds limit) : limit_(limit) {}

    boost::asio::awaitable<boost::system::error_code> read_some(std::string& input) override;
    boost::asio::awaitable<boost::system::error_code> write(std::string_view output) override;

private:
    std::chrono::seconds limit_;
};

} // namespace postfix_proto
