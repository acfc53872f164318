/// Asks proxymap(8).
#pragma once

#include "postfix_proto/deadline_list.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/remote_table.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <string>

namespace postfix_proto {

struct proxymap_settings {
    /// The service's socket, relative to the current directory.
    std::string path = "private/proxymap";
    /// Postfix announces the protocol since 3.6.
    bool announces_protocol = true;
    /// How long one question may take in all (ipc_timeout). Stock tries without end.
    std::chrono::seconds limit{3600};
    /// Between attempts when proxymap can not be reached, as in stock.
    std::chrono::milliseconds retry_delay{1000};
    /// How long a connection is kept that nobody uses (ipc_idle).
    std::chrono::seconds idle_limit{5};
    /// How long a connection is used (ipc_ttl), so that proxymap can retire.
    std::chrono::seconds connection_limit{1000};
    /// A proxymap process serves its connections one request at a time; master starts as many
    /// processes as there are busy.
    std::size_t most_connections = 4;
};

/// Keeps connections to the service open and takes a lost one up again. Nothing is cached, since
/// stock asks anew each time; only who asks while the same question is under way shares its answer.
///
/// Must outlive the io_context's run.
class proxymap_client {
public:
    proxymap_client(boost::asio::io_context& context, proxymap_settings settings, logger& log);
    ~proxymap_client();

    /// Fails when there is no answer in time.
    [[nodiscard]] boost::asio::awaitable<remote_answer> ask(remote_question question);

private:
    struct connection;
    struct shared_answer;
    struct time_limit;
    using connection_pointer = std::unique_ptr<connection>;
    using result = boost::asio::awaitable<boost::system::error_code>;

    boost::asio::awaitable<remote_answer> find_answer(const remote_question& question);
    result try_once(const remote_question& question, remote_answer& answer, time_limit& limit,
                    bool& was_kept);
    result converse(connection& peer, const remote_question& question, remote_answer& answer);
    boost::asio::awaitable<void> wait_for(boost::asio::steady_timer& timer, time_limit& limit);
    connection_pointer take_idle();
    void keep(connection_pointer peer);
    void close_idle_later();

    boost::asio::io_context& context_;
    proxymap_settings settings_;
    logger& log_;
    deadline_list deadlines_;
    std::map<remote_question, std::shared_ptr<shared_answer>> under_way_;
    std::list<connection_pointer> idle_; // the longest unused first
    std::size_t busy_ = 0;
    boost::asio::steady_timer slot_freed_; // cancelled for those who wait for a connection
    boost::asio::steady_timer idle_timer_;
    bool closes_idle_ = false;
};

} // namespace postfix_proto
