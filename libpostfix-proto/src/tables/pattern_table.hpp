/// Implements the "regexp:" and "pcre:" tables (Postfix 3.7: util/dict_regexp.c, util/dict_pcre.c).
/// Keys are patterns, so a match list looks up the whole name only.
///
/// A logical line is
///
///     /pattern/flags result      another character, if not a letter or digit, may delimit
///     !/pattern/flags result     if the pattern does not match
///     if /pattern/flags ... endif    the lines in between count only then; also with a "!"
///     /pattern/!/other/ result   regexp: only, if the first matches and the other does not
///
/// The first line that matches decides. In its result $1, ${1} and $(1) stand for what the first
/// group matched, and $$ for a dollar sign.
///
/// - Matching ignores case. Each flag toggles an option: "i" ignoring case, "m" lines within the
///   text, "x" the extended syntax (on for regexp:, which is POSIX; for pcre: white space in the
///   pattern). pcre: also has "s" (the dot matches newlines; on), "A" (anchored), "E" ("$" is the
///   very end) and "U" (not greedy), and warns about "X".
/// - A malformed line is skipped with a warning, and so is one whose result names a group that does
///   not exist, or any group after a "!".
/// - An error while matching, such as too much backtracking, is a warning; that line, or that
///   block, does not match.
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). The name is a file, or `{ { line }, { line } ... }`.
[[nodiscard]] opened_table open_regexp_table(std::string_view type, std::string_view name,
                                             const open_options& options, logger& log);

/// The same with PCRE2. Unavailable where the library was built without it.
[[nodiscard]] opened_table open_pcre_table(std::string_view type, std::string_view name,
                                           const open_options& options, logger& log);

} // namespace postfix_proto
