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

void logfile_walk::enter(std::string path) {
    std::unique_ptr<DIR, close_directory> entries(::opendir(path.c_str()));
    if (entries)
        open_.push_back({std::move(path), std::move(entries)});
    else
        log_.warning("open directory {}: {}", path, errno_text(errno));
}

std::vector<logfile_walk::found> logfile_walk::go_on(clock::duration how_long) {
    const auto end = clock::now() + how_long;
    std::vector<found> result;
    while (!open_.empty() && result.size() < enough && clock::now() < end) {
        errno = 0;
        const dirent* entry = ::readdir(open_.back().entries.get());
        if (entry != nullptr) {
            look_at(entry->d_name, result);
            continue;
        }
        if (errno != 0)
            log_.warning("read directory {}: {}", open_.back().path, errno_text(errno));
        open_.pop_back();
    }
    return result;
}

void logfile_walk::look_at(const std::string& name, std::vector<found>& result) {
    const std::string path = open_.back().path + '/' + name;
    if (name == "." || name == "..")
        return;
    auto file = logfile_name::from_name(name);
    if (!file && name.size() != 1)
        return;
    struct stat status {};
    if (::stat(path.c_str(), &status) < 0) {
        if (errno != ENOENT)
            log_.warning("stat {}: {}", path, errno_text(errno));
        return;
    }
    // Only sub-directories of a hashed queue have names of one byte; but a site may, too.
    if (S_ISDIR(status.st_mode) && name.size() == 1)
        return enter(path);
    ++count_;
    if (file && status.st_size > 0 && status.st_atim.tv_sec < read_before_)
        result.push_back({*std::move(file), false});
    else if (file && status.st_size == 0 && status.st_mtim.tv_sec < written_before_)
        result.push_back({*std::move(file), true});
}

} // namespace flushd
