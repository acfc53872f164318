/// The "hash:" and "btree:" tables: Berkeley DB files made by postmap(1) (Postfix 3.7:
/// util/dict_db.c). Keys are fixed and not folded: postmap has folded them.
///
/// postmap rewrites the file in place under an exclusive flock(2), so opening and every lookup hold
/// a shared one. Unlike stock:
/// - Opening waits for that lock no longer than open_options::patience, a lookup about 100 ms; then
///   opening or the lookup fails.
/// - A lookup in a file that has been rewritten since it was opened fails: pages of the old file
///   that are still in memory would be mixed with pages of the new one. Watch files() and open the
///   table anew.
/// - A read error is a failed lookup, never an exit.
/// - The file is not mapped into memory, so one that is cut short is a failed lookup and not a
///   SIGBUS. (Measured with libdb 5.3: a read-only btree that is mapped, the default, does that.)
///
/// libdb trusts the inside of a page, though: bytes damaged there, as by a bad disk, can crash
/// whatever program looks up in it. DB->verify() is no help, as it crashes on such files too.
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). `type` is "hash" or "btree", a file of the other type an error; the
/// name is the path without its ".db". Warns when a source file of that name is newer than the
/// database.
[[nodiscard]] opened_table open_berkeley_db_table(std::string_view type, std::string_view name,
                                                  const open_options& options, logger& log);

} // namespace postfix_proto
