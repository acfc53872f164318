/// The "environ:" table: the process's environment variables (Postfix 3.7: util/dict_env.c). Keys
/// are fixed and not folded; as a list asks in lower case, it finds lower-case variables only.
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). The name does not matter. A process that runs with more rights than
/// whoever started it finds nothing.
[[nodiscard]] opened_table open_environment_table(std::string_view type, std::string_view name,
                                                  const open_options& options, logger& log);

} // namespace postfix_proto
