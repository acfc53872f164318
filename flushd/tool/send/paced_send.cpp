#include "flushd/tool/send/paced_send.hpp"

#include "flushd/tool/queue/send_records.hpp"
#include "flushd/tool/screen/counted.hpp"
#include "flushd/tool/screen/duration.hpp"
#include "flushd/tool/screen/interrupts.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include <fmt/format.h>

#include <sysexits.h>

#include <charconv>
#include <cstdio>
#include <thread>

namespace flushd::tool {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using clock = std::chrono::steady_clock;

namespace {

constexpr milliseconds look_interval{200};
constexpr seconds message_look_interval{1};

// Of messages in a time: more cannot be kept to.
constexpr unsigned long most_in_a_time = 1'000'000;

} // namespace

microseconds parse_rate(const std::string& text) {
    unsigned long messages = 0;
    const auto* const end = text.data() + text.size();
    const auto [unit, error] = std::from_chars(text.data(), end, messages);
    if (error != std::errc() || end - unit != 2 || unit[0] != '/' || messages == 0 ||
        messages > most_in_a_time)
        return {};
    const seconds time = unit[1] == 's'   ? seconds(1)
                         : unit[1] == 'm' ? std::chrono::minutes(1)
                         : unit[1] == 'h' ? std::chrono::hours(1)
                                          : seconds(0);
    return microseconds(time) / static_cast<long>(messages);
}

const char* paced_options::mistake() const {
    const bool others = when_up || keep || interval.count() > 0 || first > 0;
    if (cancel && others)
        return "--cancel stands alone";
    if (keep && !when_up)
        return "--keep needs --when-up";
    return nullptr;
}

send_pace paced_options::pace(std::time_t now) const {
    send_pace result{interval, first};
    if (when_up)
        result.when_up_until = now + give_up_after.count();
    return result;
}

void add_paced_options(command_options& command, paced_options& options) {
    const std::string heading = "Pace";
    command.parsed({"--rate",
                    "Send so many messages in a time: 20/s, 100/m or 500/h; stop when "
                    "they are deferred again",
                    heading},
                   "RATE", [&options](const std::string& text) -> std::string {
                       options.interval = parse_rate(text);
                       return options.interval.count() > 0
                                  ? ""
                                  : "not a rate such as 20/s, 100/m or 500/h: " + text;
                   });
    command.number({"--first", "Send so many messages, the rest stays listed", heading},
                   options.first);
    command.flag({"--when-up",
                  "Try a message now and then; send the rest when one has been delivered", heading},
                 options.when_up);
    command.duration({"--for", "Give up after this long (default: 6h)", heading},
                     options.give_up_after);
    command.flag(
        {"--keep", "Leave --when-up to the service and return; survives a reboot", heading},
        options.keep);
    command.flag({"--cancel", "Call off what is under way for these destinations", heading},
                 options.cancel);
}

void ask_paced(const queue_context& queue, const paced_options& options, send_target& one,
               bool is_quiet) {
    if (one.listed == 0) {
        if (!is_quiet)
            fmt::print("{}: no mail is listed\n", one.name);
        one.refused = true;
        return;
    }
    send_records(queue.postfix()).ask(*one.file, one.name, options.pace(std::time(nullptr)));
    if (!is_quiet)
        tell_paced(queue, options, one, one.name);
}

void tell_paced(const queue_context& queue, const paced_options& options, const send_target& one,
                const std::string& called, const std::string& text) {
    const auto messages = counted(one.listed, "message") + text;
    const auto pace = describe(options.pace(0));
    if (!options.when_up)
        fmt::print("{}: sending {}{}\n", one.name, messages, pace);
    else if (options.keep)
        fmt::print("{}: {} will be sent when it is up{}; given up in {}; `{}` calls it off\n",
                   one.name, messages, pace, format_duration(options.give_up_after),
                   call_off_command(queue.postfix(), called));
    else
        fmt::print("{}: waiting until it is up, for {} at most\n", one.name,
                   format_duration(options.give_up_after));
    std::fflush(stdout);
}

int wait_until_up(const queue_context& queue,
                  const std::vector<std::unique_ptr<send_target>>& targets, bounce_watch& bounces,
                  bool is_quiet) {
    const interrupt_guard interrupts;
    send_records records(queue.postfix());
    std::vector<send_target*> waiting;
    for (const auto& one : targets)
        if (!one->refused)
            waiting.push_back(one.get());
    int status = 0;
    auto next_look = clock::now();
    while (!waiting.empty()) {
        std::this_thread::sleep_for(look_interval);
        if (interrupt_guard::is_interrupted()) {
            for (const auto* one : waiting)
                records.call_off(*one->file);
            fmt::print(stderr, "flushd: called off\n");
            throw exit_request(EX_TEMPFAIL);
        }
        // One that was tried and deferred is one more time to be tried.
        const bool is_time_to_look = clock::now() >= next_look;
        if (is_time_to_look)
            next_look = clock::now() + message_look_interval;
        std::erase_if(waiting, [&](send_target* one) {
            if (records.waits_until_up(*one->file)) {
                if (is_time_to_look)
                    one->messages.begin_again();
                return false;
            }
            one->messages.look(std::time(nullptr), bounces);
            const auto& result = one->messages.result();
            one->refused = result.gone() == 0 && result.moving == 0;
            if (!is_quiet)
                fmt::print("{}: {}\n", one->name,
                           one->refused ? "not up in time, or called off" : "is up");
            std::fflush(stdout);
            status = one->refused ? EX_TEMPFAIL : status;
            return true;
        });
    }
    return status;
}

void call_off(const queue_context& queue, const std::vector<std::string>& sites) {
    send_records records(queue.postfix());
    bool is_missing = false;
    for (const auto& site : sites) {
        const auto count =
            records.call_off(queue.logfile_of(site)) + records.call_off_selections(site);
        fmt::print("{}: {}\n", site,
                   count > 0 ? "called off; what has been moved is delivered"
                             : "nothing is under way");
        is_missing = is_missing || count == 0;
    }
    if (is_missing)
        throw exit_request(EX_UNAVAILABLE);
}

} // namespace flushd::tool
