/// A client of a Postfix service, as the code that serves it sees it.
#pragma once

#include "postfix_proto/deadline_list.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
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
};

/// A client that master(8)'s socket brought.
class socket_connection final : public client_connection {
public:
    using socket = boost::asio::generic::stream_protocol::socket;

    /// `limits` must outlive the connection.
    socket_connection(socket client, deadline_list& limits);

    boost::asio::awaitable<boost::system::error_code> read_some(std::string& input) override;
    boost::asio::awaitable<boost::system::error_code> write(std::string_view output) override;

private:
    bool give_up(deadline_list::cause why);

    socket socket_;
    bool reading_ = false;
    boost::system::error_code given_up_; // why the service wants no more of this client
    deadline_list::deadline deadline_;
};

/// The client of a service that was started with -S: standard input and standard output. Blocks,
/// which is right for a process that serves just this one and ends.
class stdio_connection final : public client_connection {
public:
    explicit stdio_connection(std::chrono::seconds limit) : limit_(limit) {}

    boost::asio::awaitable<boost::system::error_code> read_some(std::string& input) override;
    boost::asio::awaitable<boost::system::error_code> write(std::string_view output) override;

private:
    std::chrono::seconds limit_;
};

} // namespace postfix_proto
