/// Reads facts about single messages from the queue files, without asking a service.
#pragma once

#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace flushd::tool {

/// Facts from the first records of a queue file. The first number of `C` is the size of the
/// content, that of `T` the time of arrival in seconds (cleanup/, Postfix 3.5 to 3.10).
struct queue_file_head {
    std::int64_t size = 0;
    std::int64_t arrival_time = 0;
};
/// Returns nothing if these bytes do not contain both records.
[[nodiscard]] std::optional<queue_file_head> parse_queue_file_head(std::string_view bytes);

/// Looks up messages by their IDs. All paths are relative to the current directory,
/// $queue_directory. Changes no access times if the system permits that (to the owner and to root),
/// and takes no lock.
///
/// A look-up takes about 3 us if the kernel has the file cached, while showq(8) needs about 70 us,
/// because it also reads all recipients and the defer logs.
class queue_files {
public:
    explicit queue_files(const postfix_proto::queue_layout& layout) : layout_(layout) {}

    /// The size and the arrival time of a message. Nothing if it is not in the deferred queue.
    [[nodiscard]] std::optional<queue_file_head>
    read_deferred(const postfix_proto::queue_id& id) const;

    enum class place { deferred, incoming, active, hold, nowhere };
    struct location {
        place where = place::nowhere;
        /// When a deferred message is due. The queue manager sets it in whole seconds, so a message
        /// that is deferred again in the same second has the same due time as before.
        timespec due{};
        /// When the file was last moved, or its due time was set, with the precision of the
        /// system's clock tick.
        timespec changed{};
    };
    /// Looks twice before it returns `nowhere`, because a message may move to another queue
    /// meanwhile.
    [[nodiscard]] location find(const postfix_proto::queue_id& id) const;

    /// Whether it is on hold. A message that is being released may be overlooked.
    [[nodiscard]] bool is_on_hold(const postfix_proto::queue_id& id) const;

private:
    const postfix_proto::queue_layout& layout_;
};

} // namespace flushd::tool
