#include "flushd/tool/send/progress_display.hpp"

#include "flushd/tool/screen/duration.hpp"
#include "flushd/tool/send/verdict_json.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace flushd::tool {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How often there is a line if standard error is not a terminal.
constexpr seconds line_interval{5};
// How often there is an object, if something has changed.
constexpr seconds object_interval{1};

} // namespace

void progress_display::show(const message_watch::counts& all) {
    const auto now = clock::now();
    if (!json_) {
        show_text(all, now);
        return;
    }
    const bool has_changed = shown_ != all;
    if (shown_ && now < last_line_ + (has_changed ? seconds(object_interval) : line_interval))
        return;
    fmt::print("{}", progress_line(all, std::chrono::duration_cast<milliseconds>(now - begin_)));
    std::fflush(stdout);
    shown_ = all;
    last_line_ = now;
}

void progress_display::show_text(const message_watch::counts& all, clock::time_point now) {
    const auto text = fmt::format("{} of {} moved, {} left the queue, {} deferred again",
                                  all.all() - all.waiting, all.all(), all.gone(), all.deferred);
    if (line_.is_shown()) {
        const auto elapsed = std::chrono::duration_cast<seconds>(now - begin_);
        line_.show(fmt::format("{} {}, {}", progress_bar(all.done(), all.all(), 22), text,
                               format_duration(elapsed)));
    } else if (now >= last_line_ + line_interval) {
        fmt::print("{}\n", text);
        std::fflush(stdout);
        last_line_ = now;
    }
}

} // namespace flushd::tool
