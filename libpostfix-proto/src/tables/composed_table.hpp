/// Implements tables made of other tables: "unionmap:{type:name, type:name ...}" and
/// "pipemap:{...}" (Postfix 3.7: util/dict_union.c, util/dict_pipe.c). The first table determines
/// whether keys are fixed or patterns.
///
/// A union looks up the key in all of its tables and joins the results with commas. If one lookup
/// fails, the union fails, even after others have found something. An empty joined result counts as
/// not found (kept from Postfix, as is the result "a," of "a" and an empty one).
///
/// A pipe looks up the key in the first table, the result of that in the second, and so on; its
/// result is that of the last table. The first lookup that finds nothing, or fails, ends it.
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). `type` is "unionmap". A member table that cannot be opened is reported
/// as usual, and lookups that reach it fail. A malformed name is an error.
[[nodiscard]] opened_table open_union_table(std::string_view type, std::string_view name,
                                            const open_options& options, logger& log);

/// For open_lookup_table(). `type` is "pipemap"; errors as for a union.
[[nodiscard]] opened_table open_pipe_table(std::string_view type, std::string_view name,
                                           const open_options& options, logger& log);

} // namespace postfix_proto
