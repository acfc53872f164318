/// Implements the -D option of a Postfix daemon: it runs debugger_command.
#pragma once

#include "postfix_proto/log.hpp"

#include <string>

namespace postfix_proto {

/// Runs `command`, the expanded parameter debugger_command, with /bin/sh -c and waits for the
/// shell; a command that is to go on ends in `&`, as Postfix's examples do. It inherits the
/// environment and all descriptors without close-on-exec, and is logged as info. How it ends does
/// not matter. Throws startup_error when the command is empty (global/debug_process.c,
/// Postfix 3.7).
void run_debugger_command(const std::string& command, logger& log);

} // namespace postfix_proto
