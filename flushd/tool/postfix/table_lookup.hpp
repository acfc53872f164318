/// Looks up a key in a table with postmap(1), which knows all types.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include <string>
#include <string_view>

namespace flushd::tool {

/// Why the table cannot be opened or searched, in postmap's words; empty if it can be. Throws
/// tool_error if postmap cannot be run.
[[nodiscard]] std::string find_lookup_problem(const instance& where, const std::string& key,
                                              const std::string& table);

/// The worst problem in what postmap(1) has written to its standard error; empty if there is none.
/// Debian's Postfix 3.11 warns that hash and btree are deprecated, which is no problem here.
[[nodiscard]] std::string problem_in(std::string_view messages);

} // namespace flushd::tool
