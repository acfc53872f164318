/// Runs flushd as the operator's tool: `flushd COMMAND ...`, see flushd(1).
#pragma once

namespace flushd::tool {

/// Whether an operator has typed the command line, rather than master(8): it has a command, a long
/// option, -h, -c with a directory, or nothing at all. master(8) uses only options of one letter.
[[nodiscard]] bool is_for_tool(int argc, const char* const* argv);

/// Runs the command; returns the exit status.
int run_tool(int argc, const char* const* argv);

} // namespace flushd::tool
