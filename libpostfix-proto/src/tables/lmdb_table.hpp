/// The "lmdb:" table: OpenLDAP LMDB files made by postmap(1) (Postfix 3.7: util/dict_lmdb.c). Keys
/// are fixed and not folded: postmap has folded them.
///
/// Read into memory when it is opened, under the shared fcntl(2) lock that keeps postmap out; what
/// berkeley_db_table.hpp says about lookups, memory and damage is true for these files as well.
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). The name is the path without its ".lmdb". Warns when a source file of
/// that name is newer than the database. Unavailable where the library was built without LMDB.
[[nodiscard]] opened_table open_lmdb_table(std::string_view type, std::string_view name,
                                           const open_options& options, logger& log);

} // namespace postfix_proto
