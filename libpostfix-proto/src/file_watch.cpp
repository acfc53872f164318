#include "postfix_proto/file_watch.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <utility>

namespace postfix_proto {

namespace {

/// As many links in a row as Linux follows.
constexpr int max_links = 40;

/// Not IN_CLOSE_WRITE, which a mere open for writing brings about, as some take for locking.
constexpr std::uint32_t directory_events = IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE |
                                           IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
                                           IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t events_about_everything =
    IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT;

bool same_time(const timespec& a, const timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool earlier(const timespec& a, const timespec& b) {
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/// Not the coarse clock: a kernel may give a file a time that is finer, and so a little later.
timespec time_now() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return now;
}

/// Whether two looks at a file show the same; the access time is not compared.
bool same_status(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
           a.st_nlink == b.st_nlink && same_time(a.st_mtim, b.st_mtim) &&
           same_time(a.st_ctim, b.st_ctim);
}

struct split_path {
    std::string directory, name;
};

split_path split(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos)
        return {".", path};
    return {path.substr(0, std::max<std::size_t>(slash, 1)), path.substr(slash + 1)};
}

std::optional<std::string> link_target(int directory, const std::string& name) {
    std::array<char, PATH_MAX> target;
    const auto n = ::readlinkat(directory, name.c_str(), target.data(), target.size());
    if (n <= 0)
        return std::nullopt;
    return std::string(target.data(), static_cast<std::size_t>(n));
}

} // namespace

file_watch::file_watch(const std::vector<std::string>& paths, std::optional<timespec> read_since,
                       std::optional<timespec> now)
    : inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    for (const auto& path : paths) {
        watched_file watched;
        watched.path = path;
        add_entries(watched);
        watched.file.reset(::open(path.c_str(), O_PATH | O_CLOEXEC));
        if (watched.file && ::fstat(watched.file.get(), &watched.status) != 0)
            watched.file.reset();
        if (watched.file && read_since && !earlier(watched.status.st_ctim, *read_since) &&
            !earlier(now ? *now : time_now(), watched.status.st_ctim))
            changed_while_read_ = path;
        files_.push_back(std::move(watched));
    }
}

/// Follows the links from the path to the file and notes each name on the way.
void file_watch::add_entries(watched_file& watched) {
    auto path = watched.path;
    for (int i = 0; i < max_links; ++i) {
        auto [directory, name] = split(path);
        entry next{file_descriptor(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
                   name, std::nullopt};
        if (!next.directory)
            return;
        // inotify before the look at the file: a change in between must not be missed by both.
        if (inotify_) {
            const int wd = ::inotify_add_watch(inotify_.get(), directory.c_str(), directory_events);
            if (wd >= 0)
                names_[wd].insert(name);
        }
        struct stat status {};
        if (::fstatat(next.directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
            next.status = status;
        else if (errno != ENOENT)
            return; // cannot be looked at now, so its absence later means nothing
        std::optional<std::string> target;
        if (next.status && S_ISLNK(next.status->st_mode))
            target = link_target(next.directory.get(), name);
        watched.entries.push_back(std::move(next));
        if (!target)
            return;
        path = target->front() == '/' ? *target : directory + "/" + *target;
    }
}

bool file_watch::entry_changed(const entry& entry) {
    struct stat now {};
    if (::fstatat(entry.directory.get(), entry.name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0)
        return !entry.status || !same_status(*entry.status, now);
    // Any other error is about our privileges, not about the file.
    return errno == ENOENT && entry.status.has_value();
}

std::optional<std::string_view> file_watch::changed_path() const {
    if (changed_while_read_)
        return changed_while_read_;
    for (const auto& watched : files_) {
        struct stat now {};
        if (watched.file && ::fstat(watched.file.get(), &now) == 0 &&
            !same_status(watched.status, now))
            return watched.path;
        if (std::any_of(watched.entries.begin(), watched.entries.end(), entry_changed))
            return watched.path;
    }
    return std::nullopt;
}

bool file_watch::drain_inotify() {
    bool touched = false;
    alignas(inotify_event) std::array<char, 16384> buffer;
    while (inotify_) {
        const auto n = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        for (std::size_t at = 0; at < static_cast<std::size_t>(n);) {
            inotify_event event;
            std::memcpy(&event, buffer.data() + at, sizeof event);
            // The name is padded with NULs.
            const std::string_view name =
                event.len > 0 ? std::string_view(buffer.data() + at + sizeof event) : "";
            at += sizeof event + event.len;
            const auto watched = names_.find(event.wd);
            if ((event.mask & events_about_everything) != 0 ||
                (watched != names_.end() && watched->second.count(name) > 0))
                touched = true;
        }
    }
    return touched;
}

} // namespace postfix_proto
