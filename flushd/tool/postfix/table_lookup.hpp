/// Looks up a key in a table with postmap(1), which knows all types.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include <string>

namespace flushd::tool {

/// Why the table cannot be opened or searched, in postmap's words; empty if it can be. Throws
/// tool_error if postmap cannot be run.
[[nodiscard]] std::string find_lookup_problem(const instance& where, const std::string& key,
                                              const std::string& table);

} // namespace flushd::tool
