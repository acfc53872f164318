/// Runs flushd as the operator's tool: `flushd COMMAND ...`, see flushd(1).
#pragma once

namespace flushd::tool {

/// Whether the command line is an operator's, and not master(8)'s: a command, a long option, -h, -c
/// with a directory, or nothing at all. master(8) gives its services options of one letter.
[[nodiscard]] bool is_for_tool(int argc, const char* const* argv);

/// Runs the command; returns the exit status.
int run_tool(int argc, const char* const* argv);

} // namespace flushd::tool
