/// Maps a queue ID to the path of its queue file, such as `deferred/9/9B01F20A3C`.
#pragma once

#include "postfix_proto/queue_id.hpp"

#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace postfix_proto {

/// The queues that a flush service looks at, by their directory below $queue_directory.
namespace queue_name {
inline constexpr std::string_view incoming = "incoming"; ///< new mail, and mail to be tried again
inline constexpr std::string_view active = "active";     ///< what is being delivered
inline constexpr std::string_view deferred = "deferred"; ///< what could not be delivered yet
inline constexpr std::string_view hold = "hold";         ///< what nobody tries until it is released
inline constexpr std::string_view flush = "flush";       ///< the logfiles of flush(8), no mail
} // namespace queue_name

/// Builds paths relative to $queue_directory, spread over sub-directories as `hash_queue_names` and
/// `hash_queue_depth` say (mail_queue_dir(), Postfix 3.7).
///
/// A hashed queue has `hash_queue_depth` levels of directories with names of one byte, taken from
/// the start of the file's name; `_` where the name is too short. A long queue ID starts with
/// the time in seconds, which would put everything into one directory, so its microseconds are
/// taken instead, as five hexadecimal digits.
class queue_layout {
public:
    /// `hashed_queues` is the value of hash_queue_names: queue names, in any case, separated by
    /// commas or white space. `depth` is hash_queue_depth, at least 1.
    queue_layout(std::string_view hashed_queues, unsigned depth);

    /// `name` must satisfy is_queue_file_name().
    [[nodiscard]] std::string path(std::string_view queue, std::string_view name) const;
    /// The same for a message.
    [[nodiscard]] std::string path(std::string_view queue, const queue_id& id) const {
        return path(queue, id.str());
    }

    /// How many levels of directories this queue has: hash_queue_depth if it is hashed, else 0.
    [[nodiscard]] unsigned depth(std::string_view queue) const;

    /// The path that path() would return if the queue had `depth` levels.
    [[nodiscard]] static std::string path_at(std::string_view queue, std::string_view name,
                                             unsigned depth);

    /// The bytes that name the directories of a queue file, one for each level.
    [[nodiscard]] static std::string hash_key(std::string_view name);

private:
    std::vector<std::string> hashed_queues_; // lower case
    unsigned depth_;
};

/// Makes the directories that lead to `path` (mode 0700), as Postfix does when a hashed
/// queue is used for the first time. An error when one is missing afterwards.
[[nodiscard]] std::error_code make_parent_directories(const std::string& path);

} // namespace postfix_proto
