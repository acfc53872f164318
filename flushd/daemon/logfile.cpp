#include "flushd/daemon/logfile.hpp"

#include "flushd/core/sent_note.hpp"
#include "flushd/core/snapshot_mark.hpp"

#include "postfix_proto/file_io.hpp"
#include "postfix_proto/queue_path.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace flushd {

using postfix_proto::last_error;
using postfix_proto::open_file;
using postfix_proto::open_without_trace;
using postfix_proto::read_at;
using postfix_proto::result;
using postfix_proto::truncate;
using postfix_proto::unexpected;
using postfix_proto::write_at;

namespace {

std::error_code error(int number) { return {number, std::generic_category()}; }

// The bytes to read between two checks of the clock: a fraction of a millisecond.
constexpr std::size_t piece = std::size_t{1} << 20U;

// Set back the modification time by this in place of a mark. More than the coarsest precision of a
// file system (FAT: two seconds).
constexpr std::time_t unlikely_age = 10;

} // namespace

result<logfile> logfile::open(const std::string& path, missing when_missing) {
    // O_NONBLOCK: the file may be a FIFO.
    constexpr int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    const bool is_created = when_missing == missing::is_created;
    bool can_read = true;
    auto file = is_created ? open_file(path, flags | O_RDWR | O_NOATIME | O_CREAT)
                           : open_without_trace(AT_FDCWD, path.c_str(), flags | O_RDWR);
    if (!file && errno == ENOENT && is_created) {
        if (const auto failure = postfix_proto::make_parent_directories(path))
            return unexpected(failure);
        file = open_file(path, flags | O_RDWR | O_NOATIME | O_CREAT);
    }
    // The file belongs to another user, and only the owner may use O_NOATIME. An append must not
    // count as a read, so open it for writing only.
    if (!file && (errno == EPERM || errno == EACCES) && is_created) {
        file = open_file(path, flags | O_WRONLY | O_CREAT);
        can_read = false;
    }
    if (!file)
        return unexpected(last_error());
    return logfile(path, std::move(file), can_read);
}

std::error_code logfile::update_status() noexcept {
    if (::fstat(file_.get(), &status_) < 0)
        return last_error();
    if (!S_ISREG(status_.st_mode))
        return error(S_ISDIR(status_.st_mode) ? EISDIR : EINVAL);
    return {};
}

std::error_code logfile::try_lock() {
    while (::flock(file_.get(), LOCK_EX | LOCK_NB) < 0)
        if (errno != EINTR)
            return last_error();
    return update_status();
}

void logfile::unlock() noexcept { ::flock(file_.get(), LOCK_UN); }

std::error_code logfile::append(std::string_view lines) {
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

logfile::outcome logfile::take_snapshot(snapshot& taken, clock::duration how_long) {
    const auto end = clock::now() + how_long;
    taken.lines.reserve(size());
    while (taken.lines.size() < size()) {
        const auto begin = taken.lines.size();
        if (const auto failure = read_at(file_.get(), static_cast<off_t>(begin),
                                         std::min(piece, size() - begin), taken.lines))
            return failure;
        if (taken.lines.size() == begin)
            return error(EIO); // shorter than before, although we hold the lock
        if (clock::now() >= end && taken.lines.size() < size())
            return std::nullopt;
    }
    if (has_only_marks(taken.lines)) {
        taken.lines.clear();
        return size() == 0 ? std::error_code() : clear();
    }
    if (mark_end_of(taken))
        set_write_time(taken);
    return std::error_code();
}

/// Removes marks that crashes have left behind.
std::error_code logfile::clear() {
    const auto failure = truncate(file_.get(), 0);
    return failure ? failure : update_status();
}

std::error_code logfile::mark_end_of(snapshot& taken) {
    const std::string_view ending = taken.lines.back() == '\n' ? "" : "\n";
    std::string mark = make_mark() + '\n';
    const off_t before = status_.st_size;
    if (const auto failure = write_at(file_.get(), before, std::string(ending) + mark)) {
        static_cast<void>(truncate(file_.get(), before));
        return failure;
    }
    taken.lines += ending;
    taken.mark = std::move(mark);
    return update_status();
}

/// Sets the modification time back, so that any later write changes it.
void logfile::set_write_time(snapshot& taken) noexcept {
    const timespec long_ago{std::time(nullptr) - unlikely_age, 0};
    const timespec times[2] = {{0, UTIME_OMIT}, long_ago};
    if (::futimens(file_.get(), times) == 0 && !update_status())
        taken.write_time = status_.st_mtim;
}

void logfile::mark_sent() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const timespec times[2] = {now, now};
    // If the file belongs to another user, only the kernel's own time can be set. A failure here
    // is not a reason to fail the send.
    if (::futimens(file_.get(), times) < 0)
        static_cast<void>(::futimens(file_.get(), nullptr));
    // Nor is a full disk, or a file system without extended attributes.
    note_sent(file_.get(), now);
    static_cast<void>(update_status());
}

result<bool> logfile::remove_if_empty_since(std::time_t oldest) {
    if (status_.st_size != 0 || status_.st_mtim.tv_sec >= oldest || !is_named())
        return false;
    if (const auto failure = remove())
        return unexpected(failure);
    return true;
}

std::error_code logfile::remove() {
    return !is_named() || ::unlink(path_.c_str()) == 0 ? std::error_code() : last_error();
}

/// Whether the path still leads to this file.
bool logfile::is_named() const {
    struct stat named {};
    return ::stat(path_.c_str(), &named) == 0 && named.st_ino == status_.st_ino &&
           named.st_dev == status_.st_dev;
}

} // namespace flushd
