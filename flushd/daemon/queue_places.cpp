#include "flushd/daemon/queue_places.hpp"

#include "flushd/core/directory_walk.hpp"

#include <unistd.h>

namespace flushd {

using postfix_proto::queue_id;
using postfix_proto::queue_layout;
namespace queue_name = postfix_proto::queue_name;

namespace {

// The number of bytes in a prefix. No real queue has more than three levels (36^3 directories).
constexpr unsigned deepest = 8;

} // namespace

queue_places::queue_places(const queue_layout& layout)
    : deferred_{queue_name::deferred, layout.depth(queue_name::deferred)},
      hold_{queue_name::hold, layout.depth(queue_name::hold)} {}

std::vector<std::string> queue_places::elsewhere(const queue_id& id) {
    return paths(deferred_, id, false);
}

bool queue_places::is_held(const queue_id& id) {
    for (const auto& path : paths(hold_, id, true))
        if (::access(path.c_str(), F_OK) == 0)
            return true;
    return false;
}

std::vector<std::string> queue_places::paths(tree& queue, const queue_id& id, bool with_usual) {
    std::vector<std::string> result;
    const std::string key = queue_layout::hash_key(id.str());
    std::uint64_t prefix = 0;
    for (unsigned depth = 0; depth <= deepest; ++depth) {
        if (depth > 0) {
            const char letter = depth <= key.size() ? key[depth - 1] : '_';
            prefix = prefix << 8U | static_cast<unsigned char>(letter);
        }
        // The caller has tried the usual depth already.
        if (depth == queue.depth && !with_usual)
            continue;
        auto found = queue.seen.find(prefix);
        if (found == queue.seen.end())
            found = queue.seen.emplace(prefix, look_at(queue, prefix)).first;
        if (found->second == directory::absent)
            break;
        if (found->second == directory::with_files)
            result.push_back(queue_layout::path_at(queue.queue, id.str(), depth));
    }
    return result;
}

/// Reads a few names: stops at the first file, because all others are sub-directories.
queue_places::directory queue_places::look_at(const tree& queue, std::uint64_t prefix) {
    std::string path;
    for (; prefix != 0; prefix >>= 8U)
        path = std::string{'/', static_cast<char>(prefix & 0xFFU)} + path;
    path.insert(0, queue.queue);
    directory_walk entries;
    if (entries.enter(path))
        return directory::absent;
    while (!entries.is_done())
        if (const auto next = entries.next();
            next && *next && !may_be_hash_directory((*next)->name))
            return directory::with_files;
    return directory::without_files;
}

bool queue_places::changed() {
    for (const tree* queue : {&deferred_, &hold_})
        for (const auto& [prefix, before] : queue->seen)
            if (before != directory::with_files && look_at(*queue, prefix) == directory::with_files)
                return true;
    return false;
}

} // namespace flushd
