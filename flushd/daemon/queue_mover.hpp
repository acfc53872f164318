/// Moves one message from the deferred queue to the incoming queue.
#pragma once

#include "flushd/daemon/queue_places.hpp"

#include "postfix_proto/log.hpp"
#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"

#include <ctime>
#include <string>
#include <vector>

namespace flushd {

enum class move_result {
    moved,   ///< it is in the incoming queue now, or was there already
    missing, ///< neither there nor deferred: delivered, or being delivered, or never there
    held,    ///< on hold: left alone
    failed,  ///< still deferred; a warning says why
};

/// What becomes of a message whose transport is in defer_transports.
enum class deferred_transports {
    respected,  ///< it is deferred again
    overridden, ///< it is tried
    permitted   ///< likewise, and though its destination is dead: by the permission, in any case
};

/// All paths are relative to the current directory, $queue_directory.
///
/// How defer_transports is overridden: qmgr(8) does it for each message whose file has the group
/// read permission, in whatever scan of the queue it comes upon it. (The other way, `F`, is good
/// for the scan in progress and for the next one. A send of thousands of messages takes several,
/// and each new mail makes one more: where other mail arrived without a pause, 2 to 80 of 3000
/// messages were tried.) The permission also makes qmgr(8) try the message's destination once more
/// if that is dead by then. See figures.md for what it costs; so it is given only where
/// defer_transports is set.
class queue_mover {
public:
    /// `defers_transports`: whether defer_transports may name any.
    queue_mover(const postfix_proto::queue_layout& layout, postfix_proto::logger& log,
                bool defers_transports = false)
        : layout_(layout), log_(log), defers_transports_(defers_transports) {}

    /// Sets the file's times to `now` (qmgr(8) leaves alone what is due later) and moves it. A file
    /// that cannot have the permission, since it is not a message that is ready, is moved without:
    /// qmgr(8) does not look at it before it is.
    [[nodiscard]] move_result expedite(const postfix_proto::queue_id& id, std::time_t now,
                                       deferred_transports transports, queue_places& places);

    /// The same for one message of which qmgr(8) is to ignore dead destinations and throttled
    /// transports, always by the permission. A file that is not ready (mode 0700 is not set: it is
    /// still being written) is reported as missing.
    [[nodiscard]] move_result expedite_unthrottled(const postfix_proto::queue_id& id,
                                                   std::time_t now);

    /// Gives a message that qmgr(8) may have read already the permission again: qmgr(8) takes it
    /// away when it reads the message, but begins anew with all messages when it has been
    /// restarted.
    void permit_again(const postfix_proto::queue_id& id);

    /// Whether a send gives the permission.
    [[nodiscard]] bool defers_transports() const noexcept { return defers_transports_; }

    [[nodiscard]] const postfix_proto::queue_layout& layout() const noexcept { return layout_; }

private:
    struct location {
        std::string_view queue;
        std::string path;
        move_result state = move_result::missing;
    };
    location find(const postfix_proto::queue_id& id, std::time_t now,
                  deferred_transports transports, queue_places& places);
    move_result prepare(const std::string& path, std::time_t now, deferred_transports transports);
    bool permit(const std::string& path);
    move_result move_to_incoming(const postfix_proto::queue_id& id, const location& from);

    const postfix_proto::queue_layout& layout_;
    postfix_proto::logger& log_;
    bool defers_transports_;
};

} // namespace flushd
