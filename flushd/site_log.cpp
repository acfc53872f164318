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

std::variant<site_log, std::error_code> site_log::open(const std::string& path, purpose why) {
    // O_NONBLOCK: somebody may have put a FIFO there.
    constexpr int common = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    bool can_read = true;
    file_descriptor file;
    if (why == purpose::send) {
        file = open_descriptor(path, common | O_RDWR);
    } else {
        constexpr int append = common | O_CREAT | O_APPEND;
        // append() looks at the last byte. That must not count as reading the logfile, or
        // housekeeping would think that it was sent.
        file = open_descriptor(path, append | O_RDWR | O_NOATIME);
        if (!file && errno == ENOENT && postfix_proto::make_parent_directories(path))
            file = open_descriptor(path, append | O_RDWR | O_NOATIME);
        if (!file && (errno == EPERM || errno == EACCES)) { // somebody else's file
            file = open_descriptor(path, append | O_WRONLY);
            can_read = false;
        }
    }
    if (!file)
        return last_error();
    struct stat status {};
    if (::fstat(file.get(), &status) < 0)
        return last_error();
    if (!S_ISREG(status.st_mode))
        return error(S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
    return site_log(std::move(file), can_read);
}

std::error_code site_log::try_lock() {
    while (::flock(file_.get(), LOCK_EX | LOCK_NB) < 0)
        if (errno != EINTR)
            return last_error();
    return {};
}

void site_log::unlock() noexcept { ::flock(file_.get(), LOCK_UN); }

bool site_log::unlinked() const {
    struct stat status {};
    return ::fstat(file_.get(), &status) == 0 && status.st_nlink == 0;
}

std::error_code site_log::append(const postfix_proto::queue_id& id) {
    struct stat status {};
    if (::fstat(file_.get(), &status) < 0)
        return last_error();
    std::string last;
    if (can_read_ && status.st_size > 0)
        if (const auto failure = read_at(file_.get(), status.st_size - 1, 1, last))
            return failure;
    std::string line;
    if (!last.empty() && last.front() != '\n')
        line.push_back('\n');
    line += id.str();
    line += '\n';
    std::string_view rest = line;
    while (!rest.empty()) {
        const ssize_t n = ::write(file_.get(), rest.data(), rest.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            const auto failure = n < 0 ? last_error() : error(ENOSPC);
            if (rest.size() < line.size())
                static_cast<void>(truncate(file_.get(), status.st_size));
            return failure;
        }
        rest.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

std::error_code site_log::take_snapshot(snapshot& taken) {
    struct stat status {};
    if (::fstat(file_.get(), &status) < 0)
        return last_error();
    if (const auto failure =
            read_at(file_.get(), 0, static_cast<std::size_t>(status.st_size), taken.lines))
        return failure;
    // Not worth failing a send for. Without it the access time is that of this read, or older.
    static_cast<void>(::futimens(file_.get(), nullptr));
    if (::fstat(file_.get(), &status) < 0)
        return last_error();
    taken.access_time = status.st_atim;
    return {};
}

std::error_code site_log::drop(const snapshot& handled, std::string_view keep) {
    struct stat status {};
    if (::fstat(file_.get(), &status) < 0)
        return last_error();
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size < handled.lines.size() || !same_time(status.st_atim, handled.access_time))
        return {};
    std::string lines;
    if (const auto failure = read_at(file_.get(), 0, size, lines))
        return failure;
    if (lines.compare(0, handled.lines.size(), handled.lines) != 0)
        return {};
    std::string rest(keep);
    if (!rest.empty() && rest.back() != '\n')
        rest += '\n';
    auto since = handled.lines.size();
    // The last line was unfinished, and whoever appended next has finished it.
    if (since > 0 && since < size && lines[since - 1] != '\n' && lines[since] == '\n')
        ++since;
    rest.append(lines, since, std::string::npos);
    if (const auto failure = write_at(file_.get(), 0, rest))
        return failure;
    if (const auto failure = truncate(file_.get(), static_cast<off_t>(rest.size())))
        return failure;
    static_cast<void>(::futimens(file_.get(), nullptr));
    return {};
}

bool site_log::remove_if_empty_since(std::time_t oldest, const std::string& path) {
    struct stat status {};
    struct stat named {};
    return ::fstat(file_.get(), &status) == 0 && status.st_size == 0 &&
           status.st_mtim.tv_sec < oldest && ::stat(path.c_str(), &named) == 0 &&
           named.st_ino == status.st_ino && named.st_dev == status.st_dev &&
           ::unlink(path.c_str()) == 0;
}

} // namespace flushd
