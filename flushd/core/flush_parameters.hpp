/// Holds the configuration parameters of the flush service.
#pragma once

#include "postfix_proto/berkeley_db_policy.hpp"
#include "postfix_proto/mail_version.hpp"
#include "postfix_proto/proxymap_protocol.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace postfix_proto {
class postconf_result;
}

namespace flushd {

/// The parameters of the flush service from main.cf, with the `-o` options of master.cf applied.
/// (For those of every service, see run_service().) All of them are Postfix's own; postconf(5)
/// describes them.
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
    /// Whether defer_transports may be set for the queue manager. The value that the running queue
    /// manager has read is not known.
    bool defers_transports = false;
    /// How many messages, and recipients of them, all sends together may have in the queue
    /// manager's hands: half of qmgr_message_active_limit and of qmgr_message_recipient_limit. 0
    /// for no limit: as flush(8) does.
    std::size_t most_messages_in_delivery = 0;
    std::size_t most_recipients_in_delivery = 0;
    std::string queue_manager_socket; ///< relative to $queue_directory
    std::string proxymap_socket;      ///< likewise

    std::chrono::seconds ipc_timeout{};
    std::chrono::seconds trigger_timeout{};

    // These depend on the installed release: see release_traits.hpp.
    postfix_proto::mail_version release;
    bool announce_protocol = true; ///< clients of either kind cannot talk to the other
    bool joins_list_lines = true;  ///< of the files that fast_flush_domains names
    postfix_proto::proxymap_form proxymap_form{};
    postfix_proto::berkeley_db_policy berkeley_db;
};

/// The names that read_flush_parameters() asks for.
[[nodiscard]] const std::vector<std::string>& flush_parameter_names();

/// Throws startup_error, which names the parameter, for an invalid value. Also reads master.cf,
/// where defer_transports may be set for qmgr(8) only.
[[nodiscard]] flush_parameters read_flush_parameters(const postfix_proto::postconf_result& main_cf);

/// If fast_flush_domains may name a hash: or btree: table, asks the installed Postfix whether it
/// supports these types. Without Berkeley DB, a file X.db is left over from an older Postfix.
/// Throws startup_error if Postfix cannot be asked.
void find_missing_table_types(flush_parameters& parameters,
                              const std::optional<std::string>& config_directory = std::nullopt);

} // namespace flushd
