/// Implements the "cdb:" table, constant databases made by postmap(1) (Postfix 3.7:
/// util/dict_cdb.c). Keys are fixed. They are not folded here: postmap has folded them. Of two
/// equal keys the first one counts.
///
/// The file is read into memory when the table is opened. There is no lock: postmap writes a new
/// file and renames it. Lookups, memory use and damaged files are as described in
/// berkeley_db_table.hpp.
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). The name is the path without its ".cdb". Warns when a source file of
/// that name is newer than the database. Unavailable where the library was built without tinycdb.
[[nodiscard]] opened_table open_cdb_table(std::string_view type, std::string_view name,
                                          const open_options& options, logger& log);

} // namespace postfix_proto
