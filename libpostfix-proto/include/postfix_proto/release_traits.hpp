/// Lists the differences between releases of Postfix that this library depends on. This is the only
/// place that judges a release; flushd's configuration.md and flushd(8) show the same rows, and a
/// test compares them.
#pragma once

#include "postfix_proto/mail_version.hpp"

#include <array>
#include <string_view>

namespace postfix_proto {

/// A difference that a release introduced.
enum class release_trait {
    /// A server announces its protocol before the client sends its request.
    protocol_announcement,
    /// In a file that a domain list or another match list names, a line that starts with white
    /// space continues the line before (util/match_list.c, 3.7 and 3.8).
    joined_list_lines,
    /// proxymap(8) distinguishes the flags with which a table is opened from those that the table
    /// reports (global/dict_proxy.c, snapshot 20250713).
    proxymap_instance_flags,
    /// A program that opens a `proxy:` table which proxymap(8) refuses goes on, and each lookup in
    /// that table fails; before, the program ended (global/dict_proxy.c, 3.10 and 3.11). With
    /// daemon_table_open_error_is_fatal it still does.
    refused_table_fails,
    /// `hash:` and `btree:` may stand for another type: non_bdb_migration_level
    /// (global/nbdb_redirect.c).
    berkeley_db_redirection,
    /// showq(8) also lists recipients from the bounce log, and says which log each is from
    /// (showq/showq.c, 3.11.0).
    recipient_log_class,
};

/// A trait, the release that introduced it, and its description.
struct release_rule {
    release_trait trait;   ///< the trait
    mail_version since;    ///< the first release that has the trait
    std::string_view what; ///< the trait in the words of the documents
};

/// All traits, by release.
inline constexpr std::array<release_rule, 6> release_rules{{
    {release_trait::protocol_announcement,
     {3, 6},
     "the server announces its protocol before the client speaks"},
    {release_trait::joined_list_lines,
     {3, 8},
     "in a file that a list names, a line that begins with a blank continues the line before"},
    {release_trait::proxymap_instance_flags,
     {3, 11},
     "proxymap(8) is asked with instance_flags, and answers a lookup with flags"},
    {release_trait::refused_table_fails,
     {3, 11},
     "a table that proxymap(8) refuses fails, and no longer ends the program that opens it"},
    {release_trait::berkeley_db_redirection,
     {3, 11},
     "non_bdb_migration_level replaces the types hash: and btree:"},
    {release_trait::recipient_log_class,
     {3, 11},
     "showq(8) also lists recipients that have bounced, and marks them"},
}};

/// Whether a Postfix of that version has the trait.
[[nodiscard]] constexpr bool has_trait(mail_version version, release_trait trait) {
    for (const auto& rule : release_rules)
        if (rule.trait == trait)
            return version >= rule.since;
    return false;
}

/// The newest release that was tested. A newer one is treated like it.
inline constexpr mail_version newest_tried_release{3, 11};

} // namespace postfix_proto
