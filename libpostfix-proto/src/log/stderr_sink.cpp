#include "postfix_proto/stderr_sink.hpp"

#include "log/log_patience.hpp"
#include "log/log_record.hpp"

#include <fmt/format.h>

#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <mutex>
#include <utility>

namespace postfix_proto {

struct stderr_sink::state {
    std::string name;
    std::mutex mutex;
    log_patience patience;
    std::uint64_t lost = 0; // and not reported yet

    /// Returns false if the line was not accepted in time. A pipe accepts it as a whole or not.
    bool print(severity level, std::string_view text) {
        const auto line = fmt::format("{}: {}\n", name, labelled_text(level, text));
        pollfd writable{STDERR_FILENO, POLLOUT, 0};
        bool has_room = ::poll(&writable, 1, 0) != 0;
        if (!has_room)
            has_room = wait_for_room(STDERR_FILENO, patience.begin(level == severity::fatal ||
                                                                   level == severity::panic));
        patience.end(has_room);
        if (has_room) {
            [[maybe_unused]] const auto size = ::write(STDERR_FILENO, line.data(), line.size());
        }
        return has_room;
    }
};

stderr_sink::stderr_sink(std::string name) : state_(std::make_unique<state>()) {
    state_->name = std::move(name);
}

stderr_sink::~stderr_sink() = default;

void stderr_sink::write(severity level, std::string_view text) noexcept {
    const std::lock_guard lock(state_->mutex);
    try {
        auto& lost = state_->lost;
        if (lost > 0 && state_->print(severity::warning, fmt::format("{} lines lost", lost)))
            lost = 0;
        if (!state_->print(level, text))
            ++lost;
    } catch (...) { // out of memory for a log line: there is no way to report it
    }
}

} // namespace postfix_proto
