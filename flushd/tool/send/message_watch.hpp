/// Follows messages through the queue after their delivery has been requested.
#pragma once

#include "flushd/tool/queue/queue_files.hpp"

#include <cstddef>
#include <ctime>
#include <optional>
#include <vector>

namespace flushd::tool {

/// Examines the queue files, because Postfix does not report results: a message that has been moved
/// is in the incoming or the active queue; the file of one that is deferred again has been changed,
/// and is due in the future.
class message_watch {
public:
    explicit message_watch(const queue_files& files) : files_(files) {}

    struct counts {
        std::size_t waiting = 0;  ///< not moved yet
        std::size_t moving = 0;   ///< with the queue manager
        std::size_t left = 0;     ///< no longer queued: delivered, or returned to the sender
        std::size_t deferred = 0; ///< tried, and deferred again
        std::size_t held = 0;     ///< put on hold meanwhile

        [[nodiscard]] std::size_t all() const { return waiting + moving + done(); }
        [[nodiscard]] std::size_t done() const { return left + deferred + held; }
        [[nodiscard]] bool is_done() const { return waiting == 0 && moving == 0; }
        counts& operator+=(const counts& other);
    };

    /// Call it before delivery is requested. A message that is not queued is ignored.
    void add(postfix_proto::queue_id id);

    /// Delivery is requested only now: what has been tried before does not count. To be called
    /// while no message is on its way.
    void begin_again();

    /// Updates the state of the messages that are not done.
    void look(std::time_t now);

    [[nodiscard]] const counts& result() const noexcept { return counts_; }
    /// One of the messages that were deferred again, if any.
    [[nodiscard]] const std::optional<postfix_proto::queue_id>& deferred_again() const noexcept {
        return deferred_again_;
    }

private:
    struct message {
        postfix_proto::queue_id id;
        timespec changed_before{}; // used until it has been seen to move
        timespec due_seen{};
        bool has_moved = false;
    };

    enum class progress { waiting, moving, left, deferred, held };
    [[nodiscard]] progress look_at(message& one, std::time_t now) const;

    const queue_files& files_;
    std::vector<message> open_; // not done
    counts counts_;
    std::optional<postfix_proto::queue_id> deferred_again_;
};

} // namespace flushd::tool
