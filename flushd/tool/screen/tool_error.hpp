/// Defines the exception with which a command of the tool fails.
#pragma once

#include <sysexits.h>

#include <stdexcept>
#include <string>

namespace flushd::tool {

/// A line for the operator that says what is wrong and, if known, how to fix it; and the exit
/// status, a number of <sysexits.h>.
class tool_error : public std::runtime_error {
public:
    explicit tool_error(const std::string& text, int status = EX_UNAVAILABLE)
        : std::runtime_error(text), status_(status) {}
    [[nodiscard]] int status() const noexcept { return status_; }

private:
    int status_;
};

} // namespace flushd::tool
