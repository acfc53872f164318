/// Holds the configuration parameters of the flush service.
#pragma once

#include "postfix_proto/berkeley_db_policy.hpp"
#include "postfix_proto/mail_version.hpp"
#include "postfix_proto/proxymap_protocol.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace postfix_proto {
class postconf_result;
}

namespace flushd {

/// The parameters of main.cf that are about the flush service (for those of any service, see
/// run_service()), with master.cf's `-o` applied. All
/// of them are Postfix's own; postconf(5) describes them.
struct flush_parameters {
    std::string fast_flush_domains;
    bool match_parent_domains = true; ///< parent_domain_matches_subdomains has fast_flush_domains
    std::chrono::seconds refresh_time{};
    std::chrono::seconds purge_time{};

    bool smtputf8 = true;
    bool idna2003_compatible = false;
    bool table_open_error_is_fatal = false;

    std::string hash_queue_names;
    unsigned hash_queue_depth = 1;
    /// defer_transports may name any: whether the queue manager that runs has read this, only
    /// master(8) knows.
    bool defers_transports = false;
    std::string queue_manager_socket; ///< relative to $queue_directory
    std::string proxymap_socket;      ///< likewise

    std::chrono::seconds ipc_timeout{};
    std::chrono::seconds trigger_timeout{};

    // What the installed release decides: see release_traits.hpp.
    postfix_proto::mail_version release;
    bool announce_protocol = true; ///< clients of either kind cannot talk to the other
    bool joins_list_lines = true;  ///< of the files that fast_flush_domains names
    postfix_proto::proxymap_form proxymap_form{};
    postfix_proto::berkeley_db_policy berkeley_db;
};

/// The names that read_flush_parameters() asks for.
[[nodiscard]] const std::vector<std::string>& flush_parameter_names();

/// Throws startup_error, naming the parameter, when a value cannot be used. Reads master.cf too,
/// for defer_transports, which may be set there for qmgr(8) only.
[[nodiscard]] flush_parameters read_flush_parameters(const postfix_proto::postconf_result& main_cf);

/// Asks the installed Postfix whether it has hash: and btree: at all, where fast_flush_domains may
/// name such a table: in one without Berkeley DB an X.db is what an older Postfix has left behind.
/// Throws startup_error when it cannot be asked.
void find_missing_table_types(flush_parameters& parameters,
                              const std::optional<std::string>& config_directory = std::nullopt);

} // namespace flushd
