/// The "static:" table: every key has the one value (Postfix 3.7: util/dict_static.c).
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). The name is the value; `{ a value }` may hold blanks and loses those
/// around it together with the braces. Depends on no file.
[[nodiscard]] opened_table open_static_table(std::string_view type, std::string_view name,
                                             const open_options& options, logger& log);

} // namespace postfix_proto
