#include "flushd/daemon/logfile_walk.hpp"

#include "flushd/core/selection.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/queue_path.hpp"

#include <sys/stat.h>

#include <cerrno>

namespace flushd {

using postfix_proto::errno_text;

logfile_walk::logfile_walk(const times& before, postfix_proto::logger& log)
    : before_(before), log_(log) {
    enter(std::string(postfix_proto::queue_name::flush));
}

void logfile_walk::enter(const std::string& path) {
    if (const auto failure = walk_.enter(path))
        log_.warning("open directory {}: {}", path, failure.message());
}

std::vector<logfile_walk::found> logfile_walk::go_on(clock::duration how_long) {
    const auto end = clock::now() + how_long;
    std::vector<found> result;
    while (!is_done() && result.size() < enough && clock::now() < end) {
        const auto path = walk_.path();
        const auto next = walk_.next();
        if (!next)
            log_.warning("read directory {}: {}", path, next.error().message());
        else if (*next)
            look_at(**next, result);
    }
    return result;
}

void logfile_walk::look_at(const directory_walk::entry& one, std::vector<found>& result) {
    auto file = logfile_name::from_name(one.name);
    if (!file && !may_be_hash_directory(one.name))
        return;
    struct stat status {};
    if (::stat(one.path.c_str(), &status) < 0) {
        if (errno != ENOENT)
            log_.warning("stat {}: {}", one.path, errno_text(errno));
        return;
    }
    if (S_ISDIR(status.st_mode) && may_be_hash_directory(one.name))
        return enter(one.path);
    if (file && is_selection(*file)) {
        if (status.st_mtim.tv_sec < before_.chosen)
            result.push_back({*std::move(file), kind::selection});
        return;
    }
    ++count_;
    if (file && status.st_size > 0 && status.st_atim.tv_sec < before_.read)
        result.push_back({*std::move(file), kind::listing});
    else if (file && status.st_size == 0 && status.st_mtim.tv_sec < before_.written)
        result.push_back({*std::move(file), kind::empty});
}

} // namespace flushd
