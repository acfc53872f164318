#include "flushd/daemon/logfile_place.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace flushd {

using postfix_proto::queue_layout;
namespace queue_name = postfix_proto::queue_name;

namespace {

// No one hashes logfiles deeper: that would be a million directories.
constexpr unsigned deepest = 4;

bool is_regular_file(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

} // namespace

postfix_proto::result<logfile> open_logfile(const queue_layout& layout, const logfile_name& site,
                                            logfile::missing when_missing) {
    const auto usual = layout.path(queue_name::flush, site.name());
    if (::access(usual.c_str(), F_OK) == 0 || errno != ENOENT)
        return logfile::open(usual, when_missing);
    const unsigned usual_depth = layout.depth(queue_name::flush);
    for (unsigned depth = 0; depth <= deepest; ++depth) {
        const auto path = queue_layout::path_at(queue_name::flush, site.name(), depth);
        if (depth == usual_depth)
            continue;
        if (::access(path.substr(0, path.rfind('/')).c_str(), F_OK) != 0)
            break;
        // Not a directory of this name, which is for sites that begin with it.
        if (!is_regular_file(path))
            continue;
        auto opened = logfile::open(path, logfile::missing::is_error);
        if (opened || opened.error() != std::errc::no_such_file_or_directory)
            return opened;
    }
    // Create it last: it may have been moved to its proper place in between.
    return logfile::open(usual, when_missing);
}

} // namespace flushd
