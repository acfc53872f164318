#include "flushd/daemon/logfile_walk.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/queue_path.hpp"

#include <sys/stat.h>

#include <cerrno>

namespace flushd {

using postfix_proto::errno_text;

logfile_walk::logfile_walk(std::time_t read_before, std::time_t written_before,
                           postfix_proto::logger& log)
    : read_before_(read_before), written_before_(written_before), log_(log) {
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
    ++count_;
    if (file && status.st_size > 0 && status.st_atim.tv_sec < read_before_)
        result.push_back({*std::move(file), false});
    else if (file && status.st_size == 0 && status.st_mtim.tv_sec < written_before_)
        result.push_back({*std::move(file), true});
}

} // namespace flushd
