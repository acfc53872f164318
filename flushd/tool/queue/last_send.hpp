/// Determines when a logfile was last sent.
#pragma once

#include <chrono>
#include <ctime>
#include <optional>

namespace flushd::tool {

/// The times of a logfile, since 1970.
struct logfile_times {
    using time = std::chrono::nanoseconds;

    bool lists_nothing = false;
    time read{};               ///< the access time: of a send by any program, or of a reader
    time written{};            ///< of an add, or of a send that removed lines
    std::optional<time> born;  ///< creation, if the file system records it
    std::optional<time> noted; ///< of a send by flushd: see sent_time()

    /// Reads the times of an open file.
    [[nodiscard]] static logfile_times of(int fd);
};

/// What is certain about the last send. Neither is set if the logfile was never sent.
struct last_send {
    std::optional<std::time_t> at; ///< the time of the last send, if known
    /// Otherwise, there was certainly no send after this time; earlier ones are not known.
    std::optional<std::time_t> none_since;
};

/// True if the result of find_last_send() depends on `only_flushd_since`.
[[nodiscard]] bool is_in_doubt(const logfile_times& times);

/// If the access time is later than the send that flushd has noted, the file was either read by
/// another program or sent by stock flush(8), which look the same. It was a reader if only flushd
/// has provided the service since before that send. A send that was not noted leaves only an access
/// time.
[[nodiscard]] last_send find_last_send(const logfile_times& times,
                                       std::optional<logfile_times::time> only_flushd_since);

} // namespace flushd::tool
