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
    // The time and the process would do, if clocks were never set back and if no two systems ever
    // shared a queue. The process is asked for each time: it may have come about by fork(2).
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::uint64_t random = 0;
    if (::getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = 0; // then the time and the process have to do
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
