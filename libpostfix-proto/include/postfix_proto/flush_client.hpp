/// Client of flush(8), the service that lists deferred mail by destination and requests its
/// delivery.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/flush_request.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace postfix_proto {

/// The location of the service and the limits of a request.
struct flush_client_settings {
    /// The service's socket, relative to the current directory.
    std::string path = "public/flush";
    /// The limit for a whole request, from connecting to the answer. The value is that of stock
    /// Postfix, where ipc_timeout applies to each read. A send is answered when all its messages
    /// have been moved.
    std::chrono::milliseconds limit = std::chrono::hours(1);
    /// The maximum number of connections at a time. Further requests wait for one, in order, while
    /// their time limit runs. master(8) starts no more flush processes by default
    /// (default_process_limit). The program needs as many descriptors; without them requests fail
    /// as `out_of_resources`.
    std::size_t most_connections = 100;
};

/// The outcome of a request.
enum class flush_outcome {
    ok,               ///< written (add), moved (send_site, send_file), or begun (refresh, purge)
    fail,             ///< the service failed temporarily; the reason is in its log
    bad,              ///< the service rejects the request as malformed
    deny,             ///< the site is not in fast_flush_domains
    unreachable,      ///< no process listens: the mail system is down
    forbidden,        ///< the user may not connect
    timed_out,        ///< no answer within the limit; the service may still act
    closed,           ///< the service closed the connection without an answer
    malformed,        ///< the answer does not conform to the flush protocol
    out_of_resources, ///< this process or machine has no descriptor or memory left to connect with
    cancelled,        ///< the coroutine was cancelled; the service may still act
    client_closed,    ///< the client was destroyed; the service may still act
};

/// The outcome with a text.
struct flush_result {
    flush_outcome outcome = flush_outcome::fail; ///< for a program
    /// Text for a person, worded as by postqueue(1) where that has a message; empty when `ok`.
    /// Contains no newline.
    std::string text;
};

/// Opens one connection per request, because the service closes the connection after each one.
/// Works with Postfix 3.5, with 3.6 and later, and with flushd, and need not be told which one it
/// is (see reply_decoder).
///
/// Unlike the client in stock Postfix (global/flush_clnt.c, 3.7), this one does not check
/// fast_flush_domains; the service does, for add and send_site. The directory of the socket admits
/// root, mail_owner and programs with setgid_group, such as postqueue(1). Such a program must
/// itself check whether its user may make the request (authorized_flush_users).
///
/// Any number of requests may be in progress at a time, all in one thread; see `most_connections`.
/// Destroying the client ends them as `client_closed`. From Boost 1.77 on a request can be
/// cancelled by an Asio cancellation slot (`terminal`), see the tutorial.
class flush_client {
public:
    /// The result of a request, to be awaited once.
    using result = boost::asio::awaitable<flush_result>;

    /// Does not connect. `context` must outlive the client.
    explicit flush_client(boost::asio::io_context& context, flush_client_settings settings = {});
    ~flush_client();
    flush_client(const flush_client&) = delete;
    flush_client& operator=(const flush_client&) = delete;

    /// Lists the message as deferred for the site.
    [[nodiscard]] result add(std::string site, queue_id id);
    /// Requests delivery of the messages listed for the site.
    [[nodiscard]] result send_site(std::string site);
    /// Requests delivery of one message. The outcome is ok even if there is no such message.
    [[nodiscard]] result send_file(queue_id id);
    /// Refreshes the logfiles that have not been read for some time, see refresh_request.
    [[nodiscard]] result refresh();
    /// Refreshes all logfiles.
    [[nodiscard]] result purge();

    /// Makes any of these requests.
    [[nodiscard]] result request(flush_request what);

private:
    struct state;

    static result ask(std::shared_ptr<state> shared, flush_request what);

    std::shared_ptr<state> state_; // shared with requests that may end later
};

/// Blocking variant, for programs that have nothing else to do: waits for the result.
///
///     if (const auto done = ask_flush(send_site_request{"customer.tld"}); !done.text.empty()) ...
[[nodiscard]] flush_result ask_flush(flush_request what, flush_client_settings settings = {});

} // namespace postfix_proto
