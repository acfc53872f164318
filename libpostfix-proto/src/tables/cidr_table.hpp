/// Implements the "cidr:" table, which maps blocks of addresses to results (Postfix 3.7:
/// util/dict_cidr.c, util/cidr_match.c). Keys are patterns, so a match list looks up the whole name
/// only.
///
/// A logical line is
///
///     network/length result      the block of addresses; its host bits must be zero
///     address result             the one address; either may stand in brackets
///     !pattern result            all other addresses of the same family
///     if pattern ... endif       the lines in between for those addresses only; also with a "!"
///
/// The first line that matches decides. A key that is not an IPv4 or IPv6 address, such as a domain
/// or "[192.0.2.1]", is not found.
#pragma once

#include "postfix_proto/lookup_table.hpp"

namespace postfix_proto {

/// For open_lookup_table(). The name is a file, or `{ { line }, { line } ... }`. A malformed line
/// is skipped with a warning.
[[nodiscard]] opened_table open_cidr_table(std::string_view type, std::string_view name,
                                           const open_options& options, logger& log);

} // namespace postfix_proto
