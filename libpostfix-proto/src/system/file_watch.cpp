#include "postfix_proto/file_watch.hpp"

#include "postfix_proto/file_io.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace postfix_proto {

namespace {

/// The number of links in a row that Linux follows.
constexpr int max_links = 40;

/// IN_CLOSE_WRITE is omitted: a mere open for writing, as for a lock, causes it, too.
constexpr std::uint32_t directory_events = IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE |
                                           IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
                                           IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t events_about_everything =
    IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT;

bool earlier(const timespec& a, const timespec& b) {
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/// Not the coarse clock: a kernel may give a file a time that is finer, and so a little later.
timespec time_now() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return now;
}

/// Whether two states of a file are equal, apart from the access time.
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

std::optional<std::string> link_target(int link) {
    std::array<char, PATH_MAX> target;
    const auto n = ::readlinkat(link, "", target.data(), target.size());
    if (n <= 0)
        return std::nullopt;
    return std::string(target.data(), static_cast<std::size_t>(n));
}

/// Makes a path absolute, because the process may change its working directory.
std::string absolute(const std::string& path) {
    std::error_code error;
    const auto here = std::filesystem::current_path(error).string();
    return path.starts_with('/') || error ? path : here + "/" + path;
}

} // namespace

file_watch::file_watch(const std::vector<std::string>& paths, std::optional<timespec> read_since,
                       std::optional<timespec> now)
    : inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    static_cast<void>(::stat("/", &root_) == 0);
    for (const auto& path : paths) {
        watched_file watched;
        watched.path = path;
        add_entries(watched);
        const auto* const file = watched.entries.empty() ? nullptr : &watched.entries.back();
        if (file != nullptr && file->status && read_since &&
            !earlier(file->status->st_ctim, *read_since) &&
            !earlier(now ? *now : time_now(), file->status->st_ctim))
            changed_while_read_ = path;
        files_.push_back(std::move(watched));
    }
}

/// Follows the links from the path to the file and notes each name on the way.
void file_watch::add_entries(watched_file& watched) {
    auto path = absolute(watched.path);
    for (int i = 0; i < max_links; ++i) {
        const auto [directory, name] = split(path);
        if (name.empty() || ::access(directory.c_str(), F_OK) != 0)
            return;
        // Start inotify before reading the status, so that no change in between is missed.
        if (inotify_) {
            const int wd = ::inotify_add_watch(inotify_.get(), directory.c_str(), directory_events);
            if (wd >= 0)
                names_[wd].insert(name);
        }
        entry next{path, std::nullopt,
                   file_descriptor(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC))};
        struct stat status {};
        if (next.file && ::fstat(next.file.get(), &status) == 0)
            next.status = status;
        else if (errno != ENOENT)
            return; // not accessible now, so a later failure means nothing
        std::optional<std::string> target;
        if (next.status && S_ISLNK(next.status->st_mode))
            target = link_target(next.file.get());
        if (next.status && S_ISDIR(next.status->st_mode))
            next.file.reset(); // the descriptor would lead out of the jail
        watched.entries.push_back(std::move(next));
        if (!target)
            return;
        path = target->front() == '/' ? *target : directory + "/" + *target;
    }
}

/// Not for use in a chroot jail, where the names refer to other files.
bool file_watch::sees_names() const {
    struct stat root {};
    return ::stat("/", &root) == 0 && root.st_dev == root_.st_dev && root.st_ino == root_.st_ino;
}

bool file_watch::entry_changed(const entry& entry, bool by_name) {
    struct stat now {};
    if (entry.file && ::fstat(entry.file.get(), &now) != 0)
        return errno == ESTALE; // removed on the server of a network file system
    if (entry.file && !same_status(*entry.status, now))
        return true;
    if (!by_name)
        return false;
    if (::lstat(entry.path.c_str(), &now) == 0)
        return !entry.status || !same_status(*entry.status, now);
    // Any other error is about our privileges, not about the file.
    return errno == ENOENT && entry.status.has_value();
}

std::optional<std::string_view> file_watch::changed_path() const {
    if (changed_while_read_)
        return changed_while_read_;
    const bool by_name = sees_names();
    for (const auto& watched : files_)
        for (const auto& one : watched.entries)
            if (entry_changed(one, by_name))
                return watched.path;
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
