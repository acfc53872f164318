/// Implements the "environ:" table, the environment variables of the process (Postfix 3.7:
/// util/dict_env.c). Keys are fixed and not folded. A match list looks up lower-case keys, so it
/// finds lower-case variables only.
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). The name does not matter. A process with more privileges than its
/// caller finds nothing.
[[nodiscard]] opened_table open_environment_table(std::string_view type, std::string_view name,
                                                  const open_options& options, logger& log);

} // namespace postfix_proto
