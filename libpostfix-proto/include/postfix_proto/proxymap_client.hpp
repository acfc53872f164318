/// Client of proxymap(8), the service that looks up keys in tables on behalf of other processes.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/proxymap_protocol.hpp"
#include "postfix_proto/remote_question.hpp"
#include "postfix_proto/run_blocking.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace postfix_proto {

/// Where proxymap(8) is and how it is used. The defaults are those of Postfix's parameters.
struct proxymap_settings {
    /// The service's socket, relative to the current directory. Its directory lets in root and
    /// mail_owner.
    std::string path = "private/proxymap";
    /// The form of the protocol: proxymap_form_of() the installed release. A client cannot ask the
    /// service for it.
    proxymap_form form = proxymap_form::table_flags;
    /// The limit for a whole question (ipc_timeout). Stock Postfix tries for ever.
    std::chrono::seconds limit{3600};
    /// The pause between attempts when proxymap cannot be reached, as in stock Postfix, and before
    /// another question about a table that it has refused.
    std::chrono::milliseconds retry_delay{1000};
    /// How long an unused connection is kept (ipc_idle).
    std::chrono::seconds idle_limit{5};
    /// How long a connection is used (ipc_ttl), so that proxymap can retire.
    std::chrono::seconds connection_limit{1000};
    /// A proxymap process serves its connections one request at a time; master starts as many
    /// processes as there are busy.
    std::size_t most_connections = 4;
    /// The number of questions that may wait for an answer at a time; further ones fail at once.
    std::size_t most_questions = 10000;
};

/// Looks up keys in the tables that proxymap(8) may open, which are those in $proxy_read_maps:
///
///     proxymap_client tables(context, {.form = proxymap_form_of(version)}, log);
///     const remote_answer answer = co_await tables.ask({"ldap:/etc/postfix/users.cf", "a@b.tld"});
///     if (answer.result.outcome == lookup_result::status::found) ... answer.result.text
///
/// Keeps connections to the service open and replaces a lost one. Answers are not cached, because
/// stock Postfix repeats the lookup each time; only a question that is asked while the same one is
/// in progress shares its answer. The client need not be told whether the service announces its
/// protocol (see reply_decoder). Keys are sent unchanged: a caller that needs case folding or
/// parent domains does that first.
///
/// Any number of questions may be in progress at a time, all in one thread. Must outlive the
/// io_context's run. While proxymap cannot be reached, the log has a warning about it.
class proxymap_client {
public:
    /// Connects with the first question. `context` and `log` must outlive the client.
    proxymap_client(boost::asio::io_context& context, proxymap_settings settings, logger& log);
    ~proxymap_client();

    /// The result is never `unanswered`. It is a failure when there is no answer in time, when too
    /// many questions wait, and when proxymap reports one; its text gives the reason, for a person.
    [[nodiscard]] boost::asio::awaitable<remote_answer> ask(remote_question question);

private:
    struct state;

    std::shared_ptr<state> state_; // shared with questions that may end later
};

/// Blocking variant, for programs that have nothing else to do: waits for the answer. The
/// connection is kept, and checked at the next question.
class blocking_proxymap_client {
public:
    /// Connects with the first question. `log` must outlive it.
    blocking_proxymap_client(proxymap_settings settings, logger& log)
        : client_(context_, std::move(settings), log) {}

    /// See proxymap_client::ask().
    [[nodiscard]] remote_answer ask(remote_question question) {
        return run_until_done(context_, client_.ask(std::move(question)));
    }

private:
    boost::asio::io_context context_{1};
    proxymap_client client_;
};

} // namespace postfix_proto
