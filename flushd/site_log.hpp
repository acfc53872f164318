/// One site's logfile: what is on disk.
///
/// A logfile is lines of one queue ID each. Whoever appends or drops lines holds an exclusive
/// flock(2) on the file, as Postfix does on Linux. A logfile may be unlinked when it has been empty
/// for fast_flush_purge_time.
#pragma once

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/queue_id.hpp"

#include <chrono>
#include <ctime>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

namespace flushd {

/// An open logfile. The members do not block; they report errors as the system's error codes.
class site_log {
public:
    enum class purpose {
        append, ///< to add queue IDs; made if missing, and its directory
        send,   ///< to read and drop them
    };

    [[nodiscard]] static std::variant<site_log, std::error_code> open(const std::string& path,
                                                                      purpose why);

    /// Takes the lock if it is free. errc::resource_unavailable_try_again when it is not.
    [[nodiscard]] std::error_code try_lock();
    void unlock() noexcept;

    /// True when the file has lost its name: what is appended now would never be found.
    [[nodiscard]] bool unlinked() const;

    /// Appends one line. When this fails, or only a part of the line fits, the file is as before.
    /// If the last line in the file is not complete (a full disk, long ago) it is completed
    /// first, so that no two IDs run into each other. Needs the lock.
    [[nodiscard]] std::error_code append(const postfix_proto::queue_id& id);

    /// What was listed at one moment, and a mark of that moment.
    struct snapshot {
        std::string lines;
        timespec access_time{};
    };

    /// Reads all lines and sets the file's times to now, for file systems that do not keep access
    /// times: housekeeping goes by them. Needs the lock.
    [[nodiscard]] std::error_code take_snapshot(snapshot& taken);

    /// Drops the lines of the snapshot, except `keep`, and leaves what was appended since. Needs
    /// the lock, which may have been given up in between.
    ///
    /// If a stock flush(8) sent the same site meanwhile, it has truncated the file: then everything
    /// is left alone. It also sets the file's access time, which an append does not; that
    /// tells, also when the same IDs have been listed again since.
    ///
    /// If the process dies in here, all lines that were to stay are still there; some may be there
    /// twice, and the two halves of a line may be taken for queue IDs that do not exist.
    [[nodiscard]] std::error_code drop(const snapshot& handled, std::string_view keep);

    /// What housekeeping does with a file that has been empty since before `oldest`. Needs the
    /// lock. True when it was removed.
    [[nodiscard]] bool remove_if_empty_since(std::time_t oldest, const std::string& path);

private:
    site_log(postfix_proto::file_descriptor file, bool can_read) noexcept
        : file_(std::move(file)), can_read_(can_read) {}

    postfix_proto::file_descriptor file_;
    bool can_read_;
};

} // namespace flushd
