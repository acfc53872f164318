/// One site's logfile: what is on disk.
///
/// A logfile is lines of one queue ID each. Whoever appends or drops lines holds an exclusive
/// flock(2) on the file, as Postfix does on Linux. A logfile may be unlinked when it has been empty
/// for fast_flush_purge_time.
#pragma once

#include "postfix_proto/file_descriptor.hpp"

#include <sys/stat.h>

#include <ctime>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

namespace flushd {

/// An open logfile. The members do not block; they report errors as the system's error codes.
/// Reading does not change the file's access time, by which housekeeping tells when it was sent
/// last.
class site_log {
public:
    enum class missing { is_error, is_created };

    /// With `is_created` also makes the directories of a hashed queue.
    [[nodiscard]] static std::variant<site_log, std::error_code> open(const std::string& path,
                                                                      missing when_missing);

    /// Takes the lock if it is free. errc::resource_unavailable_try_again when it is not. What is
    /// not a regular file is an error, too.
    [[nodiscard]] std::error_code try_lock();
    void unlock() noexcept;

    // All that follows needs the lock.

    /// True when the file has lost its name: what is appended now would never be found.
    [[nodiscard]] bool unlinked() const noexcept { return status_.st_nlink == 0; }

    [[nodiscard]] std::size_t size() const noexcept {
        return static_cast<std::size_t>(status_.st_size);
    }

    /// Appends complete lines. When this fails, or only a part fits, the file is as before. If the
    /// last line in the file is not complete (a full disk, long ago) it is completed first, so
    /// that no two IDs run into each other.
    [[nodiscard]] std::error_code append(std::string_view lines);

    /// What was listed at one moment, and a mark of that moment.
    struct snapshot {
        std::string lines;
        timespec access_time{};
    };

    /// Reads all lines.
    [[nodiscard]] std::error_code take_snapshot(snapshot& taken);

    /// Says that the logfile is being sent, or has been: sets its times to now. (Not reading but
    /// this says so, because not all file systems keep access times.) A snapshot that was taken
    /// before does not count any more.
    void mark_sent() noexcept;

    /// Makes all snapshots but `mine`, by any process, not count any more, although the logfile is
    /// not sent: its access time stays the same but for a nanosecond. If `mine` does not count any
    /// more itself, nothing changes.
    [[nodiscard]] std::error_code invalidate_other_snapshots(snapshot& mine) noexcept;

    /// Replaces the lines of the snapshot by `keep`, and leaves what was appended since. The lock
    /// may have been given up in between.
    ///
    /// If someone else has sent the site meanwhile, the lines are no longer the same ones, even
    /// when they look the same: then everything is left alone. The access time tells.
    ///
    /// If the process dies in here, all lines that were to stay are still there, whole; some may be
    /// there twice, and the rest of a line that was dropped may look like an ID of its own.
    [[nodiscard]] std::error_code replace(const snapshot& handled, std::string_view keep);

    /// What housekeeping does with a file that has been empty since before `oldest`. True when
    /// it was removed; `failure` is set when it should have been.
    [[nodiscard]] bool remove_if_empty_since(std::time_t oldest, const std::string& path,
                                             std::error_code& failure);

private:
    site_log(postfix_proto::file_descriptor file, bool can_read) noexcept
        : file_(std::move(file)), can_read_(can_read) {}

    [[nodiscard]] std::error_code update_status() noexcept;

    postfix_proto::file_descriptor file_;
    bool can_read_;
    struct stat status_ {}; // as of taking the lock, and of what was done since
    off_t end_of_last_line_ =
        0; // of our last append: if the file ends there, its last line is whole
};

} // namespace flushd
