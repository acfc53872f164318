/// Follows one send until the queue manager is done with its messages.
#pragma once

#include "flushd/core/bounce_watch.hpp"
#include "flushd/daemon/daemon_context.hpp"
#include "flushd/daemon/delivery_share.hpp"
#include "flushd/daemon/followed_send.hpp"
#include "flushd/daemon/send_account.hpp"

#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace flushd {

/// Looks at the messages of a send from time to time: so often that a share that becomes free is
/// used at once, and so seldom that it costs two percent of a processor at most. Keeps account of
/// the send's part of the share.
class delivery_follower {
public:
    using clock = std::chrono::steady_clock;

    /// So many messages are to be moved, or more. The log calls it by the name; `site` is what
    /// followed_send takes. What is referred to must outlive the follower.
    delivery_follower(const daemon_context& daemon, std::string name, std::string site,
                      std::size_t messages, const postfix_proto::queue_layout& layout,
                      bounce_watch& bounces, delivery_share& share);
    delivery_follower(const delivery_follower&) = delete;
    delivery_follower& operator=(const delivery_follower&) = delete;

    /// What has just been moved. In the worker's thread, which do_again() may use at any time; then
    /// count_added() in the other one.
    void add(std::vector<moved_message> messages) { messages_.add(std::move(messages)); }
    void count_added();
    /// How many messages may follow now.
    [[nodiscard]] std::size_t room() const { return part_.room(); }
    /// No messages will follow.
    void close() { part_.close(); }

    /// Waits for a while, then looks at everything once; or, while that alone is in the way of more
    /// messages, only whether qmgr(8) has read those before.
    [[nodiscard]] boost::asio::awaitable<void> look_round();

    /// Goes on until nothing is in delivery, or nothing has happened for an hour.
    [[nodiscard]] boost::asio::awaitable<void> follow_to_end();

    /// See followed_send::on_restart(). The action is called in the worker's thread.
    void on_restart(std::function<void(const postfix_proto::queue_id&)> action) {
        messages_.on_restart(std::move(action));
    }
    /// Calls that action for all messages in delivery, twice in some milliseconds.
    [[nodiscard]] boost::asio::awaitable<void> do_again();

    /// See followed_send::is_down().
    [[nodiscard]] bool is_down(const std::string& domain = {}) const {
        return messages_.is_down(domain);
    }
    /// See followed_send::is_deferred_again().
    [[nodiscard]] bool is_deferred_again(const std::string& domain = {}) const {
        return messages_.is_deferred_again(domain);
    }
    [[nodiscard]] const followed_send::report& result() const noexcept {
        return messages_.result();
    }

    /// Logs what has become of the messages, and counts it.
    void report();

    /// Completes the account of the send, for the history.
    void record(send_account account);

private:
    boost::asio::awaitable<void> look_at_unread();
    boost::asio::awaitable<void> look_at_all();

    daemon_context daemon_;
    std::string name_;
    clock::time_point begin_ = clock::now();
    followed_send messages_;
    delivery_share::part part_;
    boost::asio::steady_timer timer_;
    clock::duration least_pause_; // as the last look was so long
    clock::duration pause_;
    clock::time_point next_look_ = clock::time_point::max(); // at everything; none is planned
    clock::duration short_pause_;
    clock::time_point last_change_ = begin_;
    std::size_t got_through_ = 0; // of those that were looked at
};

} // namespace flushd
