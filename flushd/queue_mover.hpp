/// Moves one message from the deferred queue to the incoming queue.
#pragma once

#include "postfix_proto/log.hpp"
#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"

#include <ctime>
#include <string>

namespace flushd {

enum class move_result {
    moved,   ///< it is in the incoming queue now, or was there already
    missing, ///< in neither queue: delivered, or being delivered, or never there
    failed,  ///< still deferred; a warning says why
};

/// All paths are relative to the current directory, $queue_directory.
class queue_mover {
public:
    queue_mover(const postfix_proto::queue_layout& layout, postfix_proto::logger& log)
        : layout_(layout), log_(log) {}

    /// Sets the file's times to `now` (qmgr(8) leaves alone what is due later) and moves it.
    [[nodiscard]] move_result expedite(const postfix_proto::queue_id& id, std::time_t now);

    /// The same for one message of which qmgr(8) is to ignore dead destinations and throttled
    /// transports: the group read permission of the queue file tells it. A file that is not ready
    /// (mode 0700 is not set: it is still being written) is reported as missing.
    [[nodiscard]] move_result expedite_unthrottled(const postfix_proto::queue_id& id,
                                                   std::time_t now);

private:
    struct location {
        std::string_view queue;
        std::string path;
        move_result state = move_result::missing;
    };
    location find(const postfix_proto::queue_id& id, std::time_t now);
    move_result move_to_incoming(const postfix_proto::queue_id& id, const location& from);

    const postfix_proto::queue_layout& layout_;
    postfix_proto::logger& log_;
};

} // namespace flushd
