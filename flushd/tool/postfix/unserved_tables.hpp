/// Tables of fast_flush_domains that only Postfix itself can look up: ldap, mysql and whatever else
/// flushd has no code for.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

using table_types = std::set<std::string, std::less<>>;

/// The types that this flushd leaves to proxymap(8).
[[nodiscard]] table_types find_unserved_types();

struct unserved_table {
    std::string table; ///< "type:name"
    std::string file;  ///< the list file that names it; empty when the list itself does
    bool operator==(const unserved_table&) const = default;
};

/// Those that a list names, each once, also within unionmap, pipemap and debug, and in its files as
/// far as these can be read. The list's references are expanded already.
[[nodiscard]] std::vector<unserved_table> find_unserved_tables(std::string_view list,
                                                               const table_types& unserved);

/// All "proxy:type:name" that a value names, without the "proxy:", as proxymap(8) reads
/// proxy_read_maps.
[[nodiscard]] std::vector<std::string> find_proxied_tables(std::string_view value);

} // namespace flushd::tool
