/// Runs the command of --notify.
#pragma once

#include "flushd/tool/send/verdict.hpp"

#include <string>

namespace flushd::tool {

/// How to run it.
struct notification {
    std::string command;   ///< for the shell; empty for none
    std::string directory; ///< the working directory of the user
};

/// Runs the command with the verdict as JSON on standard input, and in environment variables; see
/// flushd(1). Its standard output goes to standard error. Waits at most a minute. Prints a message
/// if the command cannot be run or fails.
void notify(const notification& how, const verdict& all);

} // namespace flushd::tool
