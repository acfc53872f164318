/// Finds messages that are not where the queue layout puts them.
#pragma once

#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace flushd {

/// Remembers the queue's directories during one run. A message may be in two other places:
/// - At another depth. After a change of hash_queue_names or hash_queue_depth, `postfix reload`
///   starts postsuper(1) in the background; until it ends, files may be at either depth.
/// - In the hold queue. A message that postsuper -H releases is deferred again, but no delivery
///   agent lists it again.
///
/// Each directory is examined once, and only if a message is missing. Most missing messages have
/// been delivered, perhaps a hundred thousand of them, and each costs two look-ups in memory. A
/// message that is moved during the run may therefore be missed; see changed().
///
/// All paths are relative to the current directory, $queue_directory.
class queue_places {
public:
    /// `layout` must outlive this object.
    explicit queue_places(const postfix_proto::queue_layout& layout);

    /// The paths other than layout.path() at which a deferred message may be. Usually none.
    [[nodiscard]] std::vector<std::string> elsewhere(const postfix_proto::queue_id& id);

    /// Whether the message is on hold, at any depth.
    [[nodiscard]] bool is_held(const postfix_proto::queue_id& id);

    /// True if there are files where there were none before: files are being moved, and a message
    /// may have been missed.
    [[nodiscard]] bool changed();

private:
    enum class directory { absent, without_files, with_files };
    struct tree {
        std::string_view queue;
        unsigned depth;
        // The key has one byte for each level of the path.
        std::unordered_map<std::uint64_t, directory> seen{};
    };

    std::vector<std::string> paths(tree& queue, const postfix_proto::queue_id& id, bool with_usual);
    static directory look_at(const tree& queue, std::uint64_t prefix);

    tree deferred_, hold_;
};

} // namespace flushd
