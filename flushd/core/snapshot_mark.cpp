#include "flushd/core/snapshot_mark.hpp"

#include "flushd/core/line_set.hpp"

#include <fmt/format.h>

#include <sys/random.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>

namespace flushd {

namespace {

constexpr std::string_view prefix = "flushd_mark_";

} // namespace

std::string make_mark() {
    // The time and the process ID would be enough if clocks were never set back and no two systems
    // shared a queue. The process ID is not cached, because fork(2) changes it.
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::uint64_t random = 0;
    if (::getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = 0; // the time and the process ID must be enough
    return fmt::format("{}{:X}_{:09}_{:X}_{:016X}", prefix, now.tv_sec, now.tv_nsec, ::getpid(),
                       random);
}

bool is_mark(std::string_view line) noexcept { return line.starts_with(prefix); }

bool has_only_marks(std::string_view lines) noexcept {
    while (!lines.empty())
        if (!is_mark(take_line(lines)))
            return false;
    return true;
}

} // namespace flushd
