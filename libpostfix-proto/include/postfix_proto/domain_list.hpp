/// Matches a domain against a list such as fast_flush_domains or relay_domains (Postfix 3.7:
/// global/domain_list.c, global/match_parent_style.c). For the syntax see match_list.hpp.
#pragma once

#include "postfix_proto/match_list.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace postfix_proto {

/// The list of domains in a parameter, as names and patterns. Keeps what it has read; not
/// thread-safe.
class domain_list {
public:
    /// Parameters of main.cf that decide what matches, and what opening does.
    struct options {
        /// "example.com" also matches the names below it; otherwise ".example.com" does, and that
        /// does not match example.com itself. See parent_style_includes().
        bool match_parents = false;
        bool utf8 = false;                ///< smtputf8_enable
        bool open_error_is_fatal = false; ///< daemon_table_open_error_is_fatal
        /// How long opening may wait for a file that is being written.
        std::chrono::milliseconds patience = std::chrono::seconds(10);
        bool joins_list_lines = true;     ///< see open_options
        berkeley_db_policy berkeley_db{}; ///< likewise
    };

    /// Reads all files and opens all tables, so construct it before a chroot. Errors as for
    /// match_list. `log` must outlive the list.
    domain_list(std::string_view parameter_name, std::string_view value, const options& chosen,
                logger& log);

    /// `domain` may be an address literal in brackets; it matches a pattern that is the same text.
    /// A table that asks another process fails here.
    [[nodiscard]] match_result match(std::string_view domain) { return list_.match(domain); }

    /// The same in steps, for a list that asks_elsewhere(). The list must outlive it.
    [[nodiscard]] match_list::query start_match(std::string_view domain) { return {list_, domain}; }
    /// Whether some table asks another process, so that only start_match() will do.
    [[nodiscard]] bool asks_elsewhere() const { return list_.asks_elsewhere(); }

    /// Every file that the answers depend on, sorted, also those that could not be opened. When one
    /// of them changes, construct the list again.
    [[nodiscard]] std::vector<std::string> files() const { return list_.files(); }

private:
    match_list list_;
};

/// Whether parent_domain_matches_subdomains, given by its value, names the parameter. Throws
/// startup_error where Postfix ends: on a "!" without a pattern, or a table or file that cannot be
/// used. Without a `log` its warnings go unseen.
[[nodiscard]] bool parent_style_includes(std::string_view parent_domain_matches_subdomains,
                                         std::string_view parameter_name, logger* log = nullptr);

} // namespace postfix_proto
