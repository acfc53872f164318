/// Determines how the installed Postfix opens "hash:" and "btree:", the table types that need
/// Berkeley DB (Postfix 3.11: global/nbdb_redirect.c, global/nbdb_util.c, global/nbdb_surrogate.c).
///
/// A Postfix that was built without Berkeley DB does not have them. Since 3.11
/// non_bdb_migration_level can make all programs of Postfix, including postmap(1), open `hash:X` as
/// another type, for example `cdb:X`, so that the contents of `X.db` are out of date.
#pragma once

#include "postfix_proto/log.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postfix_proto {

class postconf_result;
struct open_options;

/// How such tables are opened. The default is to open them as Berkeley DB files.
struct berkeley_db_policy {
    std::vector<std::string> missing_types; ///< of hash and btree, those that Postfix refuses

    bool is_redirected = false; ///< the rest matters only then; missing_types does not
    bool reindexes = false;     ///< a file that is missing is made by the service nbdb_reindexd(8)
    bool logs_redirection = true; ///< non_bdb_migration_log_redirect: each opening is logged
    std::string hash_type;        ///< default_database_type, what `hash` is opened as
    std::string btree_type;       ///< default_cache_db_type, likewise
    std::string custom_mapping;   ///< non_bdb_custom_mapping: a table that is asked first, or empty
};

/// The parameters that read_berkeley_db_policy() reads. Postfix has the first three since 3.11.
inline constexpr std::string_view berkeley_db_parameters[] = {
    "non_bdb_migration_level", "non_bdb_custom_mapping", "non_bdb_migration_log_redirect",
    "default_database_type",   "default_cache_db_type",
};

/// Of a release that has release_trait::berkeley_db_redirection. Throws startup_error for a level
/// that Postfix would end at.
[[nodiscard]] berkeley_db_policy read_berkeley_db_policy(const postconf_result& main_cf);

/// Which of hash and btree are not among `table_types`, which are those of `postconf -m`.
[[nodiscard]] std::vector<std::string>
missing_berkeley_db_types(const std::vector<std::string>& table_types);

/// The table that `hash` or `btree` stands for.
struct berkeley_db_target {
    std::string type;               ///< to be opened instead; may be the same one
    std::string reason;             ///< why it cannot be opened; empty when it can
    std::vector<std::string> files; ///< that this depends on, those of the custom mapping
};

/// Decides for a table of type "hash" or "btree". The custom mapping is asked for "type:name", then
/// for the bare type, folded. Where the policy says so and the file is not there, has Postfix make
/// it, by a lookup with its own postmap(1); that may take a minute.
[[nodiscard]] berkeley_db_target resolve_berkeley_db(std::string_view type, std::string_view name,
                                                     const open_options& options, logger& log);

} // namespace postfix_proto
