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
    /// A line of a file that a domain list or another match list names goes on in the next one when
    /// that starts with white space (util/match_list.c, 3.7 and 3.8).
    joined_list_lines,
    /// proxymap(8) tells apart the flags that a table is opened with and those that it has
    /// (global/dict_proxy.c, snapshot 20250713).
    proxymap_instance_flags,
    /// `hash:` and `btree:` may stand for another type: non_bdb_migration_level
    /// (global/nbdb_redirect.c).
    berkeley_db_redirection,
    /// showq(8) also lists recipients from the bounce log, and says of each from which log it is
    /// (showq/showq.c, 3.11.0).
    recipient_log_class,
};

/// Since when, and in words.
struct release_rule {
    release_trait trait;   ///< which of them
    mail_version since;    ///< the first release that has it
    std::string_view what; ///< what it does then, for the documents
};

/// All traits, by release.
inline constexpr std::array<release_rule, 5> release_rules{{
    {release_trait::protocol_announcement,
     {3, 6},
     "the server announces its protocol before the client speaks"},
    {release_trait::joined_list_lines,
     {3, 8},
     "lines of a file that a list names are joined where the next one begins with a blank"},
    {release_trait::proxymap_instance_flags,
     {3, 11},
     "proxymap(8) is asked with instance_flags, and answers a lookup with flags"},
    {release_trait::berkeley_db_redirection,
     {3, 11},
     "non_bdb_migration_level makes hash: and btree: another type"},
    {release_trait::recipient_log_class,
     {3, 11},
     "showq(8) lists the recipients that have bounced, too, and says which they are"},
}};

/// Whether a Postfix of that version has the trait.
[[nodiscard]] constexpr bool has_trait(mail_version version, release_trait trait) {
    for (const auto& rule : release_rules)
        if (rule.trait == trait)
            return version >= rule.since;
    return false;
}

/// The newest release that the tests have run with. One that is newer is taken for the same.
inline constexpr mail_version newest_tried_release{3, 11};

} // namespace postfix_proto
