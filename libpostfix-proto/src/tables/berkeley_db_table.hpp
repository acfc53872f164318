/// The "hash:" and "btree:" tables: Berkeley DB files made by postmap(1) (Postfix 3.7:
/// util/dict_db.c). Keys are fixed and not folded: postmap has folded them.
///
/// The whole file is read into memory when the table is opened, under the shared flock(2) that
/// keeps postmap out. Unlike in stock:
/// - Opening waits for that lock no longer than open_options::patience; then the table is
///   unavailable.
/// - Lookups touch no file: they are not held up, and answer as the file was when it was opened.
///   Watch files() and open the table anew.
/// - An entry takes about 130 bytes of memory and what its key and value have beyond 15 bytes each;
///   reading takes about a second for a million entries.
/// - A file that is damaged in one place is unavailable as a whole, even where the damage crashes
///   libdb: it runs in a child process. So open tables before starting threads.
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). `type` is "hash" or "btree", a file of the other type an error; the
/// name is the path without its ".db". Warns when a source file of that name is newer than the
/// database.
[[nodiscard]] opened_table open_berkeley_db_table(std::string_view type, std::string_view name,
                                                  const open_options& options, logger& log);

} // namespace postfix_proto
