/// What the configuration says.
#pragma once

#include <chrono>
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

    /// Postfix announces the protocol since 3.6, and clients of either kind cannot talk to the
    /// other.
    bool announce_protocol = true;
    /// Of the files that fast_flush_domains names, since 3.8.
    bool joins_list_lines = true;
};

/// The names that read_flush_parameters() asks for.
[[nodiscard]] const std::vector<std::string>& flush_parameter_names();

/// Throws startup_error, naming the parameter, when a value cannot be used. Reads master.cf too,
/// for defer_transports, which may be set there for qmgr(8) only.
[[nodiscard]] flush_parameters read_flush_parameters(const postfix_proto::postconf_result& main_cf);

} // namespace flushd
