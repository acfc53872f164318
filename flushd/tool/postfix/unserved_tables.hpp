/// Finds the tables in fast_flush_domains that flushd has no code for, such as ldap: and mysql:.
/// Only Postfix can look them up.
#pragma once

#include "postfix_proto/berkeley_db_policy.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

using table_types = std::set<std::string, std::less<>>;

/// The types that this flushd leaves to proxymap(8).
[[nodiscard]] table_types find_unserved_types();

/// Removes hash and btree, which a flushd without Berkeley DB does not serve, where the installed
/// Postfix opens another type instead of them, or does not have them either.
void remove_replaced_types(table_types& types, const postfix_proto::berkeley_db_policy& policy);

struct unserved_table {
    std::string table; ///< "type:name"
    std::string file;  ///< the list file that names it; empty when the list itself does
    bool operator==(const unserved_table&) const = default;
};

/// The unserved tables that a list names, each once, including those within unionmap, pipemap and
/// debug, and in the list's files if these can be read. References in the list must be expanded.
[[nodiscard]] std::vector<unserved_table> find_unserved_tables(std::string_view list,
                                                               const table_types& unserved);

/// All tables that a value names as "proxy:type:name", without the "proxy:", parsed as proxymap(8)
/// parses proxy_read_maps.
[[nodiscard]] std::vector<std::string> find_proxied_tables(std::string_view value);

} // namespace flushd::tool
