/// Tables made of others: "unionmap:{type:name, type:name ...}" and "pipemap:{...}" (Postfix 3.7:
/// util/dict_union.c, util/dict_pipe.c). Whether keys are fixed or patterns is up to the first one.
///
/// A union looks the key up in all of them, and joins by commas what it finds. A failure of one is
/// its own, even after others have found something; and it does not find an empty text (kept from
/// Postfix, as is that "a," can come of "a" and an empty one).
///
/// A pipe looks the key up in the first table, what that finds in the second, and so on; it finds
/// what the last one finds. The first that does not find, or fails, ends it.
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). `type` is "unionmap". A table in it that can not be opened is told as
/// usual, and fails the lookups that get to it. A name out of shape is an error.
[[nodiscard]] opened_table open_union_table(std::string_view type, std::string_view name,
                                            const open_options& options, logger& log);

/// For open_lookup_table(). `type` is "pipemap"; errors as for a union.
[[nodiscard]] opened_table open_pipe_table(std::string_view type, std::string_view name,
                                           const open_options& options, logger& log);

} // namespace postfix_proto
