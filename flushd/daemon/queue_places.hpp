/// Lists where a message may be other than where the queue layout puts it.
#pragma once

#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace flushd {

/// What one run has seen of the queue's directories. Two things are looked for:
/// - Another depth. Between a change of hash_queue_names or hash_queue_depth and the end of the
///   postsuper(1) that `postfix reload` starts in the background, files lie at either.
/// - The hold queue. What postsuper -H releases is deferred again, but nobody lists it again.
///
/// Each directory is looked at once, and only when a message was missing: most that are missing
/// have been delivered, a hundred thousand of them perhaps, and cost two look-ups in memory each.
/// So it may miss what is moved while it exists; changed() tells.
///
/// All paths are relative to the current directory, $queue_directory.
class queue_places {
public:
    /// `layout` must outlive this object.
    explicit queue_places(const postfix_proto::queue_layout& layout);

    /// The paths at which a message may be deferred that is not at layout.path(). Mostly none.
    [[nodiscard]] std::vector<std::string> elsewhere(const postfix_proto::queue_id& id);

    /// Whether the message is on hold, at any depth.
    [[nodiscard]] bool is_held(const postfix_proto::queue_id& id);

    /// True when files are now where there were none: somebody has been moving them about, and a
    /// message may have been overlooked.
    [[nodiscard]] bool changed();

private:
    enum class directory { absent, without_files, with_files };
    struct tree {
        std::string_view queue;
        unsigned depth;
        // By the bytes that lead to it, one for each level.
        std::unordered_map<std::uint64_t, directory> seen{};
    };

    std::vector<std::string> paths(tree& queue, const postfix_proto::queue_id& id, bool with_usual);
    static directory look_at(const tree& queue, std::uint64_t prefix);

    tree deferred_, hold_;
};

} // namespace flushd
