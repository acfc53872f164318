/// Triggers: the short requests that wake a Postfix service.
#pragma once

#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/deadline_list.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/work_in_hand.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <chrono>
#include <string>

namespace postfix_proto {

/// What qmgr(8) understands on `public/qmgr` (mail_proto.h, Postfix 3.7).
enum class qmgr_request : char {
    scan_incoming = 'I', ///< look for new mail
    scan_deferred = 'D', ///< look for mail whose time has come
    flush_dead = 'F',    ///< forget dead destinations and throttled transports
    scan_all = 'A',      ///< ignore the time stamps of the queue files
};

/// Sends triggers to one service, by the path of its socket or FIFO relative to the current
/// directory.
///
/// A socket gets the byte and a NUL, and is kept open until the service has closed it: a service
/// that is told of a connection and finds it closed may never see the request (unix_trigger(),
/// Postfix 3.7). A FIFO gets just the byte.
///
/// Must outlive the io_context's run.
class trigger_sender {
public:
    /// `timeout` (trigger_timeout) bounds how long one trigger may take to be written. A trigger is
    /// work in hand until the receiver has taken it.
    trigger_sender(boost::asio::io_context& context, std::string path, std::chrono::seconds timeout,
                   work_in_hand& work, logger& log);

    /// Done when the request has been written, or could not be. A path that is missing, or neither
    /// a socket nor a FIFO, is a warning; a service that does not listen is not, as in Postfix: it
    /// scans its queue when it starts.
    [[nodiscard]] boost::asio::awaitable<bool> send(qmgr_request request);

private:
    boost::asio::awaitable<bool> send_to_socket(char request);
    boost::asio::awaitable<bool> send_to_fifo(char request);
    boost::asio::awaitable<void>
    wait_for_close(boost::asio::local::stream_protocol::socket connection,
                   work_in_hand::piece work);

    boost::asio::io_context& context_;
    std::string path_;
    std::chrono::seconds timeout_;
    deadline_list close_deadlines_;
    work_in_hand& work_;
    logger& log_;
};

/// The same for a program that has nothing else to do: blocks until the service has closed the
/// connection, normally at once and in any case 100 s after the timeout. False when the service
/// could not be told; why is in the log, as a warning or for debugging.
[[nodiscard]] bool send_trigger(qmgr_request request, std::string path,
                                std::chrono::seconds timeout, logger& log);

} // namespace postfix_proto
