/// Keeps address literals on the command line whole.
///
/// CLI11 takes a value such as "[192.0.2.1]" or "[a,b]" for a list and removes the brackets; how to
/// prevent that differs between its releases. So such words get a mark in front before they are
/// parsed, and lose it when they are stored.
#pragma once

#include <string>
#include <vector>

namespace flushd::tool {

/// The words after the program's name, with a mark before each value that has brackets around it,
/// also in "--option=[value]".
[[nodiscard]] std::vector<std::string> with_marked_brackets(int argc, const char* const* argv);

/// The value without its mark, if it has one. To be the first thing that is done with it.
[[nodiscard]] std::string unmarked(std::string value);

} // namespace flushd::tool
