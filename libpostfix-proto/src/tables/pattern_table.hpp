/// Implements the "regexp:" and "pcre:" tables (Postfix 3.7: util/dict_regexp.c, util/dict_pcre.c).
/// Keys are patterns, so a match list looks up the whole name only.
///
/// A logical line is
///
///     /pattern/flags result      any other character that is no letter or digit may delimit
///     !/pattern/flags result     when the pattern does not match
///     if /pattern/flags ... endif    the lines in between only then; also with a "!"
///     /pattern/!/other/ result   regexp: only, when the first matches and the other does not
///
/// The first line that matches decides. In its result $1, ${1} and $(1) stand for what the first
/// group matched, and $$ for a dollar sign.
///
/// - Matching ignores case; each flag turns something around: "i" that, "m" lines within the text,
///   "x" the extended syntax (on for regexp:, which is POSIX; for pcre: white space in the
///   pattern). pcre: also knows "s" (the dot matches newlines; on), "A" (anchored), "E" ("$" is the
///   very end) and "U" (not greedy), and warns of "X".
/// - A line out of shape is skipped with a warning, as is one whose result names a group that is
///   not there, or any group after a "!".
/// - What goes wrong while matching, such as too much backtracking, is a warning; that line, or
///   that block, does not match.
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
