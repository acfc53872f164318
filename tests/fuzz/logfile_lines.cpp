// The lines of a logfile, and what counts of them as a queue ID.
#include "flushd/core/line_set.hpp"
#include "flushd/core/snapshot_mark.hpp"

#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"

#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    flushd::line_set seen(text);
    std::set<std::string_view> known;
    const postfix_proto::queue_layout layout("deferred incoming", 2);
    bool all_marks = true;
    for (std::string_view rest = text; !rest.empty();) {
        const auto line = flushd::take_line(rest);
        if (seen.insert(line) != known.insert(line).second)
            std::abort(); // the set is exact
        all_marks = all_marks && flushd::is_mark(line);
        const auto id = postfix_proto::queue_id::parse(line);
        if (!id)
            continue;
        const std::string path = layout.path(postfix_proto::queue_name::deferred, *id);
        if (path.find("..") != std::string::npos || !path.starts_with("deferred/") ||
            path.find('\0') != std::string::npos)
            std::abort(); // an ID cannot lead out of the queue
    }
    if (flushd::has_only_marks(text) != all_marks)
        std::abort();
    return 0;
}
