#include "flushd/tool/send/delivery_wait.hpp"

#include "flushd/tool/queue/site_names.hpp"
#include "flushd/tool/screen/counted.hpp"
#include "flushd/tool/screen/duration.hpp"
#include "flushd/tool/screen/terminal.hpp"

#include "postfix_proto/log.hpp"
#include "postfix_proto/showq_client.hpp"

#include <fmt/format.h>

#include <sysexits.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <thread>

namespace flushd::tool {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using clock = std::chrono::steady_clock;
using target_list = std::vector<std::unique_ptr<send_target>>;

// How often it examines the queue files. It pauses at least `longest_share` times as long as that
// takes.
constexpr milliseconds shortest_pause{100}, longest_pause{500};
constexpr int longest_share = 4;
// How often it prints progress if standard error is not a terminal.
constexpr seconds line_interval{5};
// The time limit for finding out why mail was deferred again.
constexpr seconds reason_limit{5};

/// Shows the progress.
class progress_display {
public:
    explicit progress_display(clock::time_point begin) : begin_(begin) {}

    void show(const message_watch::counts& all) {
        const auto now = clock::now();
        const auto text = fmt::format("{} of {} moved, {} left the queue, {} deferred again",
                                      all.all() - all.waiting, all.all(), all.left, all.deferred);
        if (line_.is_shown()) {
            const auto elapsed = std::chrono::duration_cast<seconds>(now - begin_);
            line_.show(fmt::format("{} {}, {}", progress_bar(all.done(), all.all(), 22), text,
                                   format_duration(elapsed)));
        } else if (now >= next_line_) {
            fmt::print("{}\n", text);
            std::fflush(stdout);
            next_line_ = now + line_interval;
        }
    }

private:
    clock::time_point begin_;
    clock::time_point next_line_ = clock::now() + line_interval;
    status_line line_;
};

/// Returns false if the time was up.
bool follow(const target_list& targets, clock::time_point begin, clock::time_point deadline) {
    progress_display display(begin);
    milliseconds pause = shortest_pause;
    while (true) {
        const auto look_begin = clock::now();
        message_watch::counts all;
        for (const auto& one : targets) {
            if (one->refused)
                continue;
            one->messages.look(std::time(nullptr));
            all += one->messages.result();
        }
        if (all.is_done())
            return true;
        display.show(all);
        const auto now = clock::now();
        if (now >= deadline)
            return false;
        pause = std::min(pause * 5 / 4, longest_pause);
        std::this_thread::sleep_for(std::min<clock::duration>(
            std::max<clock::duration>(pause, longest_share * (now - look_begin)), deadline - now));
    }
}

/// Gets one reason for each destination from showq(8), which has the other server's reply.
void find_reasons(queue_context& queue, const target_list& targets) {
    std::size_t wanted = 0;
    for (const auto& one : targets)
        wanted += one->messages.deferred_again() ? 1 : 0;
    if (wanted == 0)
        return;
    const auto end = clock::now() + reason_limit;
    auto settings = queue.showq_settings();
    settings.silence_limit = reason_limit;
    postfix_proto::blocking_showq_client listing(settings);
    while (const auto* message = wanted > 0 && clock::now() < end ? listing.next() : nullptr) {
        for (const auto& one : targets) {
            if (one->messages.deferred_again() != message->id)
                continue;
            while (const auto* recipient = listing.next_recipient()) {
                const auto file = queue.names().logfile_of(domain_of(recipient->address));
                if (!recipient->reason.empty() && !recipient->has_bounced() &&
                    (!one->file || file == one->file))
                    one->reason = recipient->reason;
            }
            --wanted;
            break;
        }
    }
}

std::string describe(const message_watch::counts& result, const std::string& reason) {
    std::string text = fmt::format("{} left the queue", result.left);
    if (result.deferred > 0)
        text += fmt::format(
            ", {} deferred again{}", result.deferred,
            reason.empty() ? "" : fmt::format(" ({})", postfix_proto::printable(reason)));
    if (result.held > 0)
        text += fmt::format(", {} on hold", result.held);
    if (result.moving > 0)
        text += fmt::format(", {} still with the queue manager", result.moving);
    if (result.waiting > 0)
        text += fmt::format(", {} not moved", result.waiting);
    return text;
}

/// Returns true if all messages have left the queue.
bool summarise(const target_list& targets) {
    bool all_left = true;
    for (const auto& one : targets) {
        const auto& result = one->messages.result();
        if (one->refused)
            continue;
        if (result.all() == 0) {
            fmt::print("{}: no mail to send\n", one->name);
            continue;
        }
        fmt::print("{}: of {}, {}\n", one->name, counted(result.all(), "message"),
                   describe(result, one->reason));
        all_left = all_left && result.left == result.all();
    }
    std::fflush(stdout);
    return all_left;
}

} // namespace

int wait_for_delivery(queue_context& queue, const target_list& targets, clock::time_point begin,
                      seconds limit) {
    const bool in_time = follow(targets, begin, begin + limit);
    find_reasons(queue, targets);
    const bool all_left = summarise(targets);
    if (!in_time)
        fmt::print(stderr, "flushd: stopped waiting after {}\n", format_duration(limit));
    return all_left ? 0 : EX_TEMPFAIL;
}

} // namespace flushd::tool
