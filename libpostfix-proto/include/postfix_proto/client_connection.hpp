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

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

/// Reads from and writes to one client. Neither waits for longer than the service's time limit
/// (ipc_timeout): then the result is boost::asio::error::timed_out. The time for reading a whole
/// request runs from the connection on, so that a client cannot buy time byte by byte; each write
/// has its own. A client that is silent while others need its place gets
/// boost::asio::error::operation_aborted, and deserves no answer.
class client_connection {
public:
    virtual ~client_connection() = default;

    /// Appends what the client has sent to `input`, at least a byte and at most 4096. At the end of
    /// the input the error is boost::asio::error::eof.
    [[nodiscard]] virtual boost::asio::awaitable<boost::system::error_code>
    read_some(std::string& input) = 0;

    /// Sends all of `output`, which must stay valid until then.
    [[nodiscard]] virtual boost::asio::awaitable<boost::system::error_code>
    write(std::string_view output) = 0;

    /// For a protocol with several requests on one connection, after the answer to each: the next
    /// request has the whole time limit again. Until a part of it is there the connection is idle:
    /// when the service retires it is closed, with operation_aborted for read_some().
    virtual void expect_request() {}
};

/// A client that master(8)'s socket brought.
///
/// The event loop is told of the socket only when there is something to wait for. Of busy clients
/// the request is often there by the time that one looks for it, and an answer always fits into
/// an empty socket buffer, so that most connections come and go without.
///
/// A client that hangs up while its request is served leaves its place to the next one that needs
/// it: then the socket is closed, and what was asked for is done all the same.
class socket_connection final : public client_connection {
public:
    /// `client` must be non-blocking; `context` and `limits` must outlive the connection. `place`,
    /// if any, is what the client is counted by: it is given back when the socket is closed.
    socket_connection(boost::asio::io_context& context, file_descriptor client,
                      deadline_list& limits,
                      std::optional<work_in_hand::piece> place = std::nullopt);

    boost::asio::awaitable<boost::system::error_code> read_some(std::string& input) override;
    boost::asio::awaitable<boost::system::error_code> write(std::string_view output) override;
    void expect_request() override;

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
/// which is right for a process that serves just this one and ends.
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
