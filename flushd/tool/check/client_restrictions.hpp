/// Says whom a list such as smtpd_etrn_restrictions admits, as far as the list alone tells.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace flushd::tool {

/// What becomes of a client that nothing is known about (Postfix 3.7: generic_checks() in
/// smtpd/smtpd_check.c). What is neither permitted nor rejected is permitted at the list's end.
enum class admission {
    everybody, ///< nothing in the list can reject
    nobody,    ///< the list begins with reject or defer
    some,
};
[[nodiscard]] admission who_is_admitted(std::string_view restrictions);

/// The lookup tables that the list names, such as "hash:/etc/postfix/access".
[[nodiscard]] std::set<std::string> tables_in(std::string_view restrictions);

} // namespace flushd::tool
