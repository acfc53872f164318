/// Notices which messages are returned to their senders.
#pragma once

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"

#include <cstddef>
#include <string>
#include <unordered_set>

namespace flushd {

/// A message of which a recipient is given up has a logfile of that name in `bounce/` until the
/// notice to its sender has been queued: mostly for a few milliseconds, so that only inotify(7)
/// sees it. It is the one trace that tells a returned message from a delivered one once both are
/// gone.
///
/// Blocks for no longer than a few system calls.
class bounce_watch {
public:
    /// `layout` must outlive this object.
    explicit bounce_watch(const postfix_proto::queue_layout& layout) : layout_(layout) {}

    /// Begins, or goes on. To be called before a message is handed to qmgr(8).
    void start();
    /// Forgets everything and gives the descriptor back.
    void stop();

    /// Takes note of what has happened since the last call. To be called now and then, so that no
    /// event is lost.
    void update();

    enum class fate {
        delivered, ///< to all recipients, or to all that had been left
        returned,  ///< for a recipient at least, since start()
        either     ///< `bounce` is a hashed queue, there is no inotify, or events were lost
    };
    /// What has become of a message that is in no queue any more. (Its file in `bounce/` was there
    /// before it went.) Says once that it was returned.
    [[nodiscard]] fate fate_of(const postfix_proto::queue_id& id);

private:
    const postfix_proto::queue_layout& layout_;
    postfix_proto::file_descriptor inotify_;
    std::unordered_set<std::string> returned_;
    bool lost_ = false;
};

} // namespace flushd
