/// Reads and writes one logfile, the list of a site's deferred mail.
///
/// A logfile consists of lines with one queue ID each, and of marks (see logfile::snapshot). A
/// process that appends or removes lines holds an exclusive flock(2) on the file, as Postfix does
/// on Linux. A logfile may be unlinked when it has been empty for fast_flush_purge_time.
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

/// An open logfile. The members do not block, and report errors as system error codes. Reading does
/// not change the file's access time, from which housekeeping (also stock's) determines the last
/// send.
class logfile {
public:
    enum class missing { is_error, is_created };

    /// With `is_created` also makes the directories of a hashed queue.
    [[nodiscard]] static postfix_proto::result<logfile> open(const std::string& path,
                                                             missing when_missing);

    /// Takes the lock if it is free; else returns errc::resource_unavailable_try_again. A file that
    /// is not regular is an error, too.
    [[nodiscard]] std::error_code try_lock();
    void unlock() noexcept;

    /// The path by which it was opened.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    // The members below require the lock.

    /// True if the file has been unlinked: a line appended now would never be found.
    [[nodiscard]] bool unlinked() const noexcept { return status_.st_nlink == 0; }

    [[nodiscard]] std::size_t size() const noexcept {
        return static_cast<std::size_t>(status_.st_size);
    }

    /// Appends complete lines. If this fails, or only a part fits, the file is as before. If the
    /// last line of the file is incomplete (after a full disk, for example), it is completed first,
    /// so that two IDs are not joined.
    [[nodiscard]] std::error_code append(std::string_view lines);

    /// The lines of a logfile at one moment. In the logfile, a mark follows them: a line that no
    /// logfile has had before. Lines after the mark have been listed since, and lines before it
    /// have not, wherever the mark is now. A process that sends the site removes the mark together
    /// with the lines; to stock flush(8) it is one of them.
    struct snapshot {
        std::string lines; ///< whole lines; without a mark, the last may be incomplete
        std::string mark;  ///< with its newline; empty if it could not be written
        /// The modification time that was set in place of a mark.
        std::optional<timespec> write_time;
    };

    using clock = std::chrono::steady_clock;

    /// The result of work that is done in pieces: nothing while there is more to do.
    using outcome = std::optional<std::error_code>;

    /// Reads all lines, for about this long at a time, and writes a mark after them. Begins with an
    /// empty snapshot, and requires the lock until it is done.
    ///
    /// If nothing is listed, no mark is written, and marks that crashes have left behind are
    /// removed. If a mark cannot be written, for example on a full disk, the lines can still be
    /// sent: log_rewrite then removes them only if no process has written to the file since.
    [[nodiscard]] outcome take_snapshot(snapshot& taken, clock::duration how_long);

    /// Records that the logfile is being sent, or has been sent: sets its times to now, and stores
    /// the time also where no reader of the file changes it (see sent_time()). The times are set
    /// explicitly for stock flush(8), because not all file systems update access times.
    void mark_sent() noexcept;

    /// What housekeeping does with a file that has been empty since before `oldest`. Whether it was
    /// removed; an error when it should have been.
    [[nodiscard]] postfix_proto::result<bool> remove_if_empty_since(std::time_t oldest);

    /// Removes the file whatever it lists, unless its name is another file's by now.
    [[nodiscard]] std::error_code remove();

private:
    friend class log_rewrite;

    logfile(std::string path, postfix_proto::file_descriptor file, bool can_read) noexcept
        : path_(std::move(path)), file_(std::move(file)), can_read_(can_read) {}

    [[nodiscard]] std::error_code update_status() noexcept;
    [[nodiscard]] bool is_named() const;
    [[nodiscard]] std::error_code clear();
    [[nodiscard]] std::error_code mark_end_of(snapshot& taken);
    void set_write_time(snapshot& taken) noexcept;

    std::string path_;
    postfix_proto::file_descriptor file_;
    bool can_read_;
    struct stat status_ {}; // when the lock was taken, updated by our own changes
    // The end of our last append. If the file ends there, its last line is complete.
    off_t end_of_last_line_ = 0;
};

} // namespace flushd
