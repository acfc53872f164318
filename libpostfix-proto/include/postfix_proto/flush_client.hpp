/// Asks the flush(8) service.
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

/// Where the service is, and how long to wait for it.
struct flush_client_settings {
    /// The service's socket, relative to the current directory.
    std::string path = "public/flush";
    /// For one request in all, from connecting to the answer. As in stock, whose ipc_timeout is
    /// meant for each read. A send is answered when all its messages have been moved.
    std::chrono::milliseconds limit = std::chrono::hours(1);
    /// Connections at once; further requests wait for one, in order, and the limit counts while
    /// they do. Stock's master(8) starts no more flush processes (default_process_limit). A process
    /// needs as many descriptors, or its requests fail as `out_of_resources`.
    std::size_t most_connections = 100;
};

/// What became of a request.
enum class flush_outcome {
    ok,               ///< written (add), moved (send_site, send_file), or begun (refresh, purge)
    fail,             ///< the service could not do it, its log says why; later it may
    bad,              ///< the service takes the request for malformed
    deny,             ///< the site is not in fast_flush_domains
    unreachable,      ///< nobody listens: the mail system is down
    forbidden,        ///< the user may not connect
    timed_out,        ///< no answer within the limit. The service may still do it
    closed,           ///< the service closed the connection without an answer
    malformed,        ///< the answer is not one of this service, or its protocol another
    out_of_resources, ///< this process or machine has no descriptor or memory left to connect with
    cancelled,        ///< the coroutine was cancelled. The service may still do it
    client_closed,    ///< the client was destroyed in the middle. The service may still do it
};

/// The same with words.
struct flush_result {
    flush_outcome outcome = flush_outcome::fail; ///< for a program
    /// For a person, in postqueue(1)'s words where it has some; empty when `ok`. No newline.
    std::string text;
};

/// One connection for each request, since the service takes one request and hangs up. Speaks with
/// services of Postfix 3.5 and of 3.6 and later alike, without being told which it is (see
/// reply_decoder), and with flushd.
///
/// Unlike stock's own client (global/flush_clnt.c, 3.7) this one does not look at
/// fast_flush_domains itself: the service does, for add and send_site. The directory of the socket
/// lets in root, mail_owner and who has setgid_group, as postqueue(1) has; whether the user behind
/// such a program may ask (authorized_flush_users) is for the program to see.
///
/// Any number of requests may be under way at once, all in one thread; see `most_connections`.
/// Destroying the client ends those that are, as `client_closed`. From Boost 1.77 on a request can
/// be cancelled by an Asio cancellation slot (`terminal`), see the tutorial.
class flush_client {
public:
    /// To be awaited once.
    using result = boost::asio::awaitable<flush_result>;

    /// Does nothing yet. `context` must outlive the client.
    explicit flush_client(boost::asio::io_context& context, flush_client_settings settings = {});
    ~flush_client();
    flush_client(const flush_client&) = delete;
    flush_client& operator=(const flush_client&) = delete;

    /// Has the message listed as deferred for the site.
    [[nodiscard]] result add(std::string site, queue_id id);
    /// Has what is listed for the site delivered now.
    [[nodiscard]] result send_site(std::string site);
    /// Has one message delivered now. Also ok when there is no such message.
    [[nodiscard]] result send_file(queue_id id);
    /// Has the logfiles refreshed that were not read for long, see refresh_request.
    [[nodiscard]] result refresh();
    /// Has all logfiles refreshed.
    [[nodiscard]] result purge();

    /// Any of these.
    [[nodiscard]] result request(flush_request what);

private:
    struct state;

    static result ask(std::shared_ptr<state> shared, flush_request what);

    std::shared_ptr<state> state_; // shared with requests that may end later
};

/// The same for a program that has nothing else to do: blocks until there is a result.
///
///     if (const auto done = ask_flush(send_site_request{"customer.tld"}); !done.text.empty()) ...
[[nodiscard]] flush_result ask_flush(flush_request what, flush_client_settings settings = {});

} // namespace postfix_proto
