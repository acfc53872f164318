/// One site's logfile: what is on disk.
///
/// A logfile is lines of one queue ID each, and of marks (see logfile::snapshot). Whoever appends
/// or drops lines holds an exclusive flock(2) on the file, as Postfix does on Linux. A logfile may
/// be unlinked when it has been empty for fast_flush_purge_time.
#pragma once

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/result.hpp"

#include <sys/stat.h>

#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace flushd {

/// An open logfile. The members do not block; they report errors as the system's error codes.
/// Reading does not change the file's access time, by which housekeeping, ours and stock's, tells
/// when it was sent last.
class logfile {
public:
    enum class missing { is_error, is_created };

    /// With `is_created` also makes the directories of a hashed queue.
    [[nodiscard]] static postfix_proto::result<logfile> open(const std::string& path,
                                                             missing when_missing);

    /// Takes the lock if it is free. errc::resource_unavailable_try_again when it is not. What is
    /// not a regular file is an error, too.
    [[nodiscard]] std::error_code try_lock();
    void unlock() noexcept;

    /// Where it was when it was opened.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

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

    /// What was listed at one moment. In the logfile itself a mark stands behind it: a line that no
    /// logfile has had before, so that what is behind it has been listed since, and what is before
    /// it has not, wherever in the file it is now. Whoever sends the site takes the mark away with
    /// the lines: stock flush(8) as if it were one of them.
    struct snapshot {
        std::string lines; ///< whole ones, but for the last where there is no mark
        std::string mark;  ///< with its newline; empty if it could not be written
        /// What the file's modification time was set to in place of a mark.
        std::optional<timespec> write_time;
    };

    using clock = std::chrono::steady_clock;

    /// Of work that is done in pieces: nothing as long as there is more to do.
    using outcome = std::optional<std::error_code>;

    /// Reads all lines, for about so long at a time, and marks them. Begins with an empty snapshot,
    /// and needs the lock until it is done.
    ///
    /// Where nothing is listed there is no mark, and marks that crashes have left behind are taken
    /// out. Where there is no room for a mark, or it cannot be written, the lines can still be
    /// sent: log_rewrite then drops them only if nobody has written since.
    [[nodiscard]] outcome take_snapshot(snapshot& taken, clock::duration how_long);

    /// Says that the logfile is being sent, or has been: sets its times to now, and notes the time
    /// once more where no reader of the file changes it (see sent_time()). Not reading but this
    /// says so to stock flush(8), because not all file systems keep access times.
    void mark_sent() noexcept;

    /// What housekeeping does with a file that has been empty since before `oldest`. Whether it was
    /// removed; an error when it should have been.
    [[nodiscard]] postfix_proto::result<bool> remove_if_empty_since(std::time_t oldest);

private:
    friend class log_rewrite;

    logfile(std::string path, postfix_proto::file_descriptor file, bool can_read) noexcept
        : path_(std::move(path)), file_(std::move(file)), can_read_(can_read) {}

    [[nodiscard]] std::error_code update_status() noexcept;
    [[nodiscard]] std::error_code clear();
    [[nodiscard]] std::error_code mark_end_of(snapshot& taken);
    void set_write_time(snapshot& taken) noexcept;

    std::string path_;
    postfix_proto::file_descriptor file_;
    bool can_read_;
    struct stat status_ {}; // as of taking the lock, and of what was done since
    off_t end_of_last_line_ =
        0; // of our last append: if the file ends there, its last line is whole
};

} // namespace flushd
