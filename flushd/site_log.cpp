#include "flushd/site_log.hpp"

#include "postfix_proto/queue_path.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace flushd {

using postfix_proto::file_descriptor;

namespace {

constexpr mode_t logfile_mode = 0600;

std::error_code error(int number) { return {number, std::generic_category()}; }
std::error_code last_error() { return error(errno); }

file_descriptor open_descriptor(const std::string& path, int flags) {
    while (true) {
        const int fd = ::open(path.c_str(), flags, logfile_mode);
        if (fd >= 0 || errno != EINTR)
            return file_descriptor(fd);
    }
}

/// Reads `size` bytes from `offset` on, or what there is of them.
std::error_code read_at(int fd, off_t offset, std::size_t size, std::string& bytes) {
    bytes.resize(size);
    std::size_t done = 0;
    while (done < size) {
        const ssize_t n =
            ::pread(fd, bytes.data() + done, size - done, offset + static_cast<off_t>(done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return last_error();
        if (n == 0)
            break;
        done += static_cast<std::size_t>(n);
    }
    bytes.resize(done);
    return {};
}

std::error_code write_at(int fd, off_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? last_error() : error(ENOSPC);
        bytes.remove_prefix(static_cast<std::size_t>(n));
        offset += n;
    }
    return {};
}

std::error_code truncate(int fd, off_t size) {
    while (::ftruncate(fd, size) < 0)
        if (errno != EINTR)
            return last_error();
    return {};
}

bool same_time(const timespec& a, const timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

} // namespace

std::variant<site_log, std::error_code> site_log::open(const std::string& path,
                                                       missing when_missing) {
    // O_NONBLOCK: somebody may have put a FIFO there.
    int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    if (when_missing == missing::is_created)
        flags |= O_CREAT;
    bool can_read = true;
    auto file = open_descriptor(path, flags | O_RDWR | O_NOATIME);
    if (!file && errno == ENOENT && when_missing == missing::is_created &&
        postfix_proto::make_parent_directories(path))
        file = open_descriptor(path, flags | O_RDWR | O_NOATIME);
    // Somebody else's file: O_NOATIME is for the owner. An append must not count as reading.
    if (!file && (errno == EPERM || errno == EACCES) && when_missing == missing::is_created) {
        file = open_descriptor(path, flags | O_WRONLY);
        can_read = false;
    }
    if (!file && errno == EPERM)
        file = open_descriptor(path, flags | O_RDWR);
    if (!file)
        return last_error();
    return site_log(std::move(file), can_read);
}

std::error_code site_log::update_status() noexcept {
    if (::fstat(file_.get(), &status_) < 0)
        return last_error();
    if (!S_ISREG(status_.st_mode))
        return error(S_ISDIR(status_.st_mode) ? EISDIR : EINVAL);
    return {};
}

std::error_code site_log::try_lock() {
    while (::flock(file_.get(), LOCK_EX | LOCK_NB) < 0)
        if (errno != EINTR)
            return last_error();
    return update_status();
}

void site_log::unlock() noexcept { ::flock(file_.get(), LOCK_UN); }

std::error_code site_log::append(std::string_view lines) {
    const off_t end = status_.st_size;
    off_t at = end;
    if (can_read_ && end > 0 && end != end_of_last_line_) {
        std::string last;
        if (const auto failure = read_at(file_.get(), end - 1, 1, last))
            return failure;
        if (last != "\n") {
            if (const auto failure = write_at(file_.get(), at++, "\n"))
                return failure;
        }
    }
    if (const auto failure = write_at(file_.get(), at, lines)) {
        static_cast<void>(truncate(file_.get(), end));
        return failure;
    }
    status_.st_size = end_of_last_line_ = at + static_cast<off_t>(lines.size());
    return {};
}

std::error_code site_log::take_snapshot(snapshot& taken) {
    if (const auto failure = read_at(file_.get(), 0, size(), taken.lines))
        return failure;
    // Not before: without O_NOATIME, this very read changes it.
    const auto failure = update_status();
    taken.access_time = status_.st_atim;
    return failure;
}

void site_log::mark_sent() noexcept {
    // The kernel's own clock for file times ticks every 1 to 10 ms (before Linux 6.13 always): long
    // enough for somebody else's send, after which ours would look like the last one.
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const timespec times[2] = {now, now};
    // Of somebody else's file only the kernel's own time can be set. Not worth failing a send for.
    if (::futimens(file_.get(), times) < 0)
        static_cast<void>(::futimens(file_.get(), nullptr));
    static_cast<void>(update_status());
}

std::error_code site_log::invalidate_other_snapshots(snapshot& mine) noexcept {
    const timespec before = status_.st_atim;
    if (!same_time(before, mine.access_time))
        return {};
    const timespec times[2] = {{before.tv_sec, before.tv_nsec == 0 ? 1 : before.tv_nsec - 1},
                               {0, UTIME_OMIT}};
    if (::futimens(file_.get(), times) < 0)
        return last_error();
    const auto failure = update_status();
    mine.access_time = status_.st_atim;
    return failure;
}

std::error_code site_log::replace(const snapshot& handled, std::string_view keep) {
    auto since = handled.lines.size();
    if (size() < since || !same_time(status_.st_atim, handled.access_time))
        return {};
    std::string lines;
    if (const auto failure = read_at(file_.get(), 0, size(), lines))
        return failure;
    if (lines.compare(0, since, handled.lines) != 0)
        return {};
    // The last line was unfinished, and whoever appended next has finished it.
    if (since > 0 && since < lines.size() && lines[since - 1] != '\n' && lines[since] == '\n')
        ++since;
    std::string rest(keep);
    if (!rest.empty() && rest.back() != '\n')
        rest += '\n';
    rest.append(lines, since, std::string::npos);

    // What stays must be whole in one place while it is written in another.
    const bool overwrites_itself = !keep.empty() || rest.size() > since;
    if (overwrites_itself && !rest.empty()) {
        if (!lines.empty() && lines.back() != '\n')
            lines = "\n";
        else
            lines.clear();
        lines += rest;
        if (const auto failure = write_at(file_.get(), status_.st_size, lines)) {
            static_cast<void>(truncate(file_.get(), status_.st_size));
            return failure;
        }
    }
    if (const auto failure = write_at(file_.get(), 0, rest))
        return failure;
    if (const auto failure = truncate(file_.get(), static_cast<off_t>(rest.size())))
        return failure;
    return update_status();
}

bool site_log::remove_if_empty_since(std::time_t oldest, const std::string& path,
                                     std::error_code& failure) {
    struct stat named {};
    if (status_.st_size != 0 || status_.st_mtim.tv_sec >= oldest ||
        ::stat(path.c_str(), &named) < 0 || named.st_ino != status_.st_ino ||
        named.st_dev != status_.st_dev)
        return false;
    if (::unlink(path.c_str()) == 0)
        return true;
    failure = last_error();
    return false;
}

} // namespace flushd
