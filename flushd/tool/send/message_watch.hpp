/// Follows messages through the queue after their delivery has been requested.
#pragma once

#include "flushd/core/bounce_watch.hpp"
#include "flushd/tool/queue/queue_files.hpp"

#include <cstddef>
#include <ctime>
#include <functional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace flushd::tool {

/// Examines the queue files, because Postfix does not report results: a message that has been moved
/// is in the incoming or the active queue; the file of one that is deferred again has been changed,
/// and is due in the future.
class message_watch {
public:
    using finder = std::function<queue_files::location(const postfix_proto::queue_id&)>;

    explicit message_watch(const queue_files& files)
        : find_([&files](const postfix_proto::queue_id& id) { return files.find(id); }) {}
    /// In what another source than the files tells.
    explicit message_watch(finder find) : find_(std::move(find)) {}

    struct counts {
        std::size_t waiting = 0;   ///< not moved yet
        std::size_t moving = 0;    ///< with the queue manager
        std::size_t delivered = 0; ///< to all recipients, or to all that had been left
        std::size_t bounced = 0;   ///< returned to the sender, for a recipient at least
        std::size_t left = 0;      ///< either: which of them cannot be known
        std::size_t deferred = 0;  ///< tried, and deferred again
        std::size_t held = 0;      ///< on hold

        [[nodiscard]] std::size_t all() const { return waiting + moving + done(); }
        [[nodiscard]] std::size_t gone() const { return delivered + bounced + left; }
        [[nodiscard]] std::size_t done() const { return gone() + deferred + held; }
        [[nodiscard]] bool is_done() const { return waiting == 0 && moving == 0; }
        counts& operator+=(const counts& other);
        [[nodiscard]] bool operator==(const counts&) const = default;
    };

    /// Call it before delivery is requested. A message that is not queued, or
    /// was added before, is ignored.
    void add(postfix_proto::queue_id id);

    /// Delivery is requested only now: what has been tried before does not count. To be called
    /// while no message is on its way.
    void begin_again();

    /// Updates the state of the messages that are not done. `bounces` must have been started before
    /// delivery was requested.
    void look(std::time_t now, bounce_watch& bounces);

    [[nodiscard]] const counts& result() const noexcept { return counts_; }
    /// The messages that were deferred again since the last call.
    [[nodiscard]] std::vector<postfix_proto::queue_id> take_deferred() {
        return std::exchange(deferred_, {});
    }

private:
    struct message {
        postfix_proto::queue_id id;
        timespec changed_before{}; // used until it has been seen to move
        timespec due_seen{};
        bool has_moved = false;
    };

    enum class progress { waiting, moving, gone, deferred, held };
    [[nodiscard]] progress look_at(message& one, std::time_t now) const;
    [[nodiscard]] bool is_over(message& one, std::time_t now, bounce_watch& bounces);
    void count_gone(const postfix_proto::queue_id& id, bounce_watch& bounces);

    finder find_;
    std::unordered_set<std::string> known_;
    std::vector<message> open_; // not done
    counts counts_;
    std::vector<postfix_proto::queue_id> deferred_; // for take_deferred()
};

} // namespace flushd::tool
