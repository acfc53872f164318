/// Determines when a logfile was last sent.
#pragma once

#include <chrono>
#include <ctime>
#include <optional>

namespace flushd::tool {

/// What a logfile itself tells of it. Times since 1970.
struct logfile_times {
    using time = std::chrono::nanoseconds;

    bool lists_nothing = false;
    time read{};               ///< the access time: a send by whomever, or a reader
    time written{};            ///< an add, or a send that has dropped lines
    std::optional<time> born;  ///< where the file system knows
    std::optional<time> noted; ///< a send by a flushd: see sent_time()

    /// Of an open file.
    [[nodiscard]] static logfile_times of(int fd);
};

/// What is certain about it; nothing at all when the logfile has never been sent.
struct last_send {
    std::optional<std::time_t> at;
    /// Whether and when there was a send before is not known. Not since then.
    std::optional<std::time_t> none_since;
};

/// True when it makes a difference since when it has been flushd that sends.
[[nodiscard]] bool is_in_doubt(const logfile_times& times);

/// An access time after the send that a flushd has noted is that of somebody who has read the file,
/// or that of a send by stock flush(8): they look the same. It was a reader if only flushd has been
/// behind the service since before. A send that was not noted leaves nothing but an access time.
[[nodiscard]] last_send find_last_send(const logfile_times& times,
                                       std::optional<logfile_times::time> only_flushd_since);

} // namespace flushd::tool
