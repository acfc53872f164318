/// Finds out what becomes of the messages that a send has handed to the queue manager.
#pragma once

#include "flushd/core/bounce_watch.hpp"

#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace flushd {

/// A message that was moved to the incoming queue.
struct moved_message {
    postfix_proto::queue_id id;
    std::size_t recipients = 1;
    std::string domain{};  ///< of its first recipient, where the destinations differ
    bool was_read = false; ///< by qmgr(8): it is not in the incoming queue any more
};

/// The messages of one send that qmgr(8) has, and what has become of the others.
///
/// Their files tell: incoming/ID, then active/ID, then deferred/ID, hold/ID, or none; after a
/// restart of qmgr(8) incoming/ID again. They are looked at, and not watched: inotify(7) would
/// report every message of a busy server, and knows no network file systems.
///
/// Blocks for as long as it is told to; only one thread at a time may use it.
class followed_send {
public:
    using clock = std::chrono::steady_clock;

    struct report {
        std::size_t delivered = 0; ///< to all recipients, or to all that had been left
        std::size_t bounced = 0;   ///< returned to the sender, for a recipient at least
        std::size_t gone = 0;      ///< either: which of them cannot be known
        std::size_t deferred = 0;  ///< again
        std::size_t held = 0;      ///< put on hold meanwhile
        std::string reason;        ///< of the first one that was deferred

        [[nodiscard]] std::size_t total() const noexcept {
            return delivered + bounced + gone + deferred + held;
        }
    };

    /// `site` is the destination as a recipient's domain, or empty for that of each message, and
    /// for every recipient where a message has none. What is referred to must outlive this object.
    followed_send(std::string site, const postfix_proto::queue_layout& layout,
                  bounce_watch& bounces)
        : site_(std::move(site)), layout_(layout), bounces_(bounces) {}

    void add(std::vector<moved_message> messages);

    /// `action` is called for each message that has come back to the incoming queue, because
    /// qmgr(8) was restarted, and by do_again().
    void on_restart(std::function<void(const postfix_proto::queue_id&)> action) {
        on_restart_ = std::move(action);
    }
    /// qmgr(8) is being restarted: calls the action for all messages in delivery, for about so long
    /// at a time. True when it has done so for each since begin_again().
    [[nodiscard]] bool do_again(clock::duration how_long);
    void begin_again() noexcept { again_ = in_delivery_.size(); }

    /// Looks at all messages in delivery, for about so long at a time. True when it has been round.
    [[nodiscard]] bool look(clock::duration how_long);

    /// Looks only which messages qmgr(8) has read meanwhile, for about so long: a fraction of what
    /// look() costs, since few messages are unread and many are in delivery.
    void look_at_unread(clock::duration how_long);

    /// What qmgr(8) has.
    [[nodiscard]] std::size_t messages() const noexcept { return in_delivery_.size(); }
    [[nodiscard]] std::size_t recipients() const noexcept { return recipients_; }
    /// Of the messages, those that it has not read yet.
    [[nodiscard]] std::size_t unread() const noexcept { return unread_; }

    [[nodiscard]] const report& result() const noexcept { return result_; }

    /// True when the destination itself is in the way: all that came back lately was deferred for
    /// that. See deferral::is_of_destination. Of the messages with that domain only.
    [[nodiscard]] bool is_down(const std::string& domain = {}) const;

    /// True when the last few messages with that domain were deferred, for whatever reason.
    [[nodiscard]] bool is_deferred_again(const std::string& domain = {}) const;

private:
    /// Of the messages that have the same domain.
    struct destination {
        std::size_t in_delivery = 0;
        std::size_t told = 0;
        std::size_t down_in_a_row = 0;     // the last were deferred because of the destination
        std::size_t deferred_in_a_row = 0; // or for whatever reason
    };

    bool is_unread(moved_message& message);
    bool has_left(moved_message& message);
    [[nodiscard]] bool is_in(std::string_view queue, const moved_message& message) const;
    void tell(const moved_message& message, destination& its);
    void tell_deferred(const moved_message& message, destination& its);

    std::string site_;
    const postfix_proto::queue_layout& layout_;
    bounce_watch& bounces_;
    std::vector<moved_message> in_delivery_;
    std::size_t recipients_ = 0; // of these
    std::size_t unread_ = 0;     // of these
    std::size_t next_ = 0;       // so many are still to be looked at in this round
    std::size_t again_ = 0;      // so many of do_again()
    std::function<void(const postfix_proto::queue_id&)> on_restart_;
    std::unordered_map<std::string, destination> destinations_;
    report result_;
};

} // namespace flushd
