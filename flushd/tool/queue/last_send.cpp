#include "flushd/tool/queue/last_send.hpp"

#include "flushd/core/sent_note.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace flushd::tool {

namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

template <typename Time>
nanoseconds time_of(const Time& time) {
    return seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

std::time_t whole_seconds(nanoseconds time) {
    return std::chrono::duration_cast<seconds>(time).count();
}

bool is_as_made(const logfile_times& times) { return times.born == times.read; }

} // namespace

logfile_times logfile_times::of(int fd) {
    logfile_times result;
    struct statx status {};
    if (::statx(fd, "", AT_EMPTY_PATH, STATX_ATIME | STATX_MTIME | STATX_BTIME | STATX_SIZE,
                &status) < 0)
        return result;
    result.lists_nothing = status.stx_size == 0;
    result.read = time_of(status.stx_atime);
    result.written = time_of(status.stx_mtime);
    if ((status.stx_mask & STATX_BTIME) != 0)
        result.born = time_of(status.stx_btime);
    if (const auto noted = sent_time(fd))
        result.noted = time_of(*noted);
    return result;
}

bool is_in_doubt(const logfile_times& times) {
    return !times.lists_nothing && times.noted && times.read > *times.noted;
}

last_send find_last_send(const logfile_times& times,
                         std::optional<logfile_times::time> only_flushd_since) {
    last_send result;
    if (times.lists_nothing) {
        // Only a send removes lines, and a file that is created for an add is never empty for long.
        if (!is_as_made(times))
            result.at = whole_seconds(times.written);
    } else if (times.noted &&
               (!is_in_doubt(times) || (only_flushd_since && *times.noted > *only_flushd_since))) {
        result.at = whole_seconds(*times.noted);
    } else if (!is_as_made(times)) {
        result.none_since = whole_seconds(times.read);
    }
    return result;
}

} // namespace flushd::tool
