/// Shows how far a delivery is, while a command waits for it.
#pragma once

#include "flushd/tool/screen/terminal.hpp"
#include "flushd/tool/send/message_watch.hpp"

#include <chrono>
#include <optional>

namespace flushd::tool {

/// A bar on a terminal, a line from time to time elsewhere, or lines of JSON.
class progress_display {
public:
    using clock = std::chrono::steady_clock;

    progress_display(clock::time_point begin, bool json) : begin_(begin), json_(json) {}

    void show(const message_watch::counts& all);

private:
    void show_text(const message_watch::counts& all, clock::time_point now);

    clock::time_point begin_;
    bool json_;
    std::optional<message_watch::counts> shown_;
    clock::time_point last_line_ = clock::now();
    status_line line_;
};

} // namespace flushd::tool
