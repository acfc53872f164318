/// Implements the "hash:" and "btree:" tables, Berkeley DB files made by postmap(1) (Postfix 3.7:
/// util/dict_db.c). Keys are fixed. They are not folded here: postmap has folded them.
///
/// The whole file is read into memory when the table is opened, under the shared flock(2) that
/// keeps postmap out. Unlike in stock Postfix:
/// - Opening waits for that lock for at most open_options::patience; then the table is
///   unavailable.
/// - Lookups touch no file. They are never blocked, and answer from the file as it was when the
///   table was opened. To notice changes, watch files() and open the table again.
/// - An entry takes about 130 bytes of memory, plus the bytes of its key and of its value beyond 15
///   each. Reading takes about a second per million entries.
/// - A file that is damaged in one place is unavailable as a whole, even where the damage crashes
///   libdb, which runs in a child process. Therefore open tables before starting threads.
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). `type` is "hash" or "btree", a file of the other type an error; the
/// name is the path without its ".db". Warns when a source file of that name is newer than the
/// database.
[[nodiscard]] opened_table open_berkeley_db_table(std::string_view type, std::string_view name,
                                                  const open_options& options, logger& log);

} // namespace postfix_proto
