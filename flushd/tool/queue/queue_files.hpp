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

/// What a queue file begins with (global/record.c and cleanup/, Postfix 3.5 to 3.10): records of a
/// letter, a length of seven bits a byte, and text. `C` has the size of the content as its first
/// number, `T` the time of arrival in seconds.
struct queue_file_head {
    std::int64_t size = 0;
    std::int64_t arrival_time = 0;
};
/// Nothing when the two are not among the first bytes of a file.
[[nodiscard]] std::optional<queue_file_head> parse_queue_file_head(std::string_view bytes);

/// Looks messages up by their IDs. All paths are relative to the current directory,
/// $queue_directory. Access times stay as they are where the system allows that (to the owner and
/// to root), and no lock is taken.
///
/// It costs some 3 us a message when the kernel remembers the files, against some 70 us that
/// showq(8) needs, because that goes through all recipients and the defer logs, too.
class queue_files {
public:
    explicit queue_files(const postfix_proto::queue_layout& layout) : layout_(layout) {}

    /// Whether the message is deferred; and since when it has been here, and how large it is.
    [[nodiscard]] std::optional<queue_file_head>
    read_deferred(const postfix_proto::queue_id& id) const;

    enum class place { deferred, incoming, active, hold, nowhere };
    struct location {
        place where = place::nowhere;
        /// Of a deferred message: when it is due. The queue manager sets it in whole seconds, so
        /// that a message deferred again in the same second is due when it was.
        timespec due{};
        /// When the file was last moved, or its due time set, to the tick of the system's clock.
        timespec changed{};
    };
    /// A message on its way from one queue to another is looked for once more before it is
    /// `nowhere`.
    [[nodiscard]] location find(const postfix_proto::queue_id& id) const;

private:
    const postfix_proto::queue_layout& layout_;
};

} // namespace flushd::tool
