/// Implements "debug:type:name", another table whose lookups are logged, one line each (Postfix
/// 3.11: util/dict_debug.c). The line gives the table, the key and the result:
///
///     hash:/etc/postfix/relay lookup: "example.com" = "OK"
///     hash:/etc/postfix/relay lookup: "example.org" = "not_found"
///
/// A failure is "error".
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). The name is the other table's "type:name"; that one is opened as usual.
[[nodiscard]] opened_table open_debug_table(std::string_view type, std::string_view name,
                                            const open_options& options, logger& log);

} // namespace postfix_proto
