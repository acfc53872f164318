/// Sends that wait until a destination is up, or that go slowly: `flushd send --when-up`, `--rate`
/// and `--first`.
#pragma once

#include "flushd/core/send_pace.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/send/delivery_wait.hpp"

#include <chrono>
#include <cstddef>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace flushd::tool {

struct paced_options {
    bool when_up = false, keep = false, cancel = false;
    std::chrono::seconds give_up_after = std::chrono::hours(6);
    std::chrono::microseconds interval{0};
    std::size_t first = 0;

    [[nodiscard]] bool are_used() const {
        return when_up || keep || cancel || interval.count() > 0 || first > 0;
    }
    /// The command itself waits until the destination is up.
    [[nodiscard]] bool waits() const { return when_up && !keep; }
    /// What cannot be combined; null if nothing.
    [[nodiscard]] const char* mistake() const;
    [[nodiscard]] send_pace pace(std::time_t now) const;
};

void add_paced_options(command_options& command, paced_options& options);

/// The time between two messages of "20/s", "100/m" or "500/h". Zero for any other text.
[[nodiscard]] std::chrono::microseconds parse_rate(const std::string& text);

/// Has the service send the destination's mail. Throws tool_error.
void ask_paced(const queue_context& queue, const paced_options& options, send_target& one,
               bool is_quiet);

/// Prints how it goes on: "sending 3 messages", with a text behind that. `called` is what --cancel
/// takes.
void tell_paced(const queue_context& queue, const paced_options& options, const send_target& one,
                const std::string& called, const std::string& text = {});

/// Until each of these is up, or its time is up. An interrupt calls all sends off. Returns the exit
/// status: 0, or EX_TEMPFAIL if one is not up; that one is then refused. Prints a line for each,
/// unless it is to be quiet.
[[nodiscard]] int wait_until_up(const queue_context& queue,
                                const std::vector<std::unique_ptr<send_target>>& targets,
                                bounce_watch& bounces, bool is_quiet);

/// Calls off what is under way for these destinations. Throws exit_request if there is nothing.
void call_off(const queue_context& queue, const std::vector<std::string>& sites);

} // namespace flushd::tool
