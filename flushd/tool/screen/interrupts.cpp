#include "flushd/tool/screen/interrupts.hpp"

#include "flushd/tool/screen/tool_error.hpp"

namespace flushd::tool {

namespace {

constexpr int signals[] = {SIGHUP, SIGINT, SIGTERM};

volatile std::sig_atomic_t has_come = 0;
int guards = 0;

} // namespace

interrupt_guard::interrupt_guard() {
    if (guards++ == 0)
        has_come = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { has_come = 1; };
    action.sa_flags = SA_RESTART;
    for (int number = 0; number < count; ++number)
        ::sigaction(signals[number], &action, &old_[number]);
}

interrupt_guard::~interrupt_guard() {
    --guards;
    for (int number = 0; number < count; ++number)
        ::sigaction(signals[number], &old_[number], nullptr);
}

bool interrupt_guard::is_interrupted() noexcept { return has_come != 0; }

void interrupt_guard::check() {
    if (is_interrupted())
        throw tool_error("interrupted");
}

} // namespace flushd::tool
