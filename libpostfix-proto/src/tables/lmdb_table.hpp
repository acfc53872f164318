/// Implements the "lmdb:" table, OpenLDAP LMDB files made by postmap(1) (Postfix 3.7:
/// util/dict_lmdb.c). Keys are fixed. They are not folded here: postmap has folded them.
///
/// The file is read into memory when the table is opened, under the shared fcntl(2) lock that keeps
/// postmap out. Lookups, memory use and damaged files are as described in berkeley_db_table.hpp.
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). The name is the path without its ".lmdb". Warns when a source file of
/// that name is newer than the database. Unavailable where the library was built without LMDB.
[[nodiscard]] opened_table open_lmdb_table(std::string_view type, std::string_view name,
                                           const open_options& options, logger& log);

} // namespace postfix_proto
