#include "flushd/core/flush_parameters.hpp"

#include "postfix_proto/domain_list.hpp"
#include "postfix_proto/errors.hpp"
#include "postfix_proto/mail_version.hpp"
#include "postfix_proto/postconf.hpp"
#include "postfix_proto/release_traits.hpp"

#include <fmt/format.h>

#include <fstream>
#include <string_view>

namespace flushd {

using postfix_proto::postconf_result;
using std::chrono::seconds;

namespace {

/// Whether the list names a hash: or btree: table, or a file that may name one.
bool may_need_berkeley_db(const std::string& list) {
    if (list.find("hash:") != std::string::npos || list.find("btree:") != std::string::npos)
        return true;
    for (auto slash = list.find('/'); slash != std::string::npos; slash = list.find('/', slash + 1))
        if (slash == 0 ||
            std::string_view(", \t\n!").find(list[slash - 1]) != std::string_view::npos)
            return true;
    return false;
}

} // namespace

const std::vector<std::string>& flush_parameter_names() {
    static const std::vector<std::string> names = {
        "config_directory",
        "daemon_table_open_error_is_fatal",
        "default_cache_db_type",
        "default_database_type",
        "defer_transports",
        "enable_idna2003_compatibility",
        "fast_flush_domains",
        "fast_flush_purge_time",
        "fast_flush_refresh_time",
        "hash_queue_depth",
        "hash_queue_names",
        "ipc_timeout",
        "mail_version",
        "non_bdb_custom_mapping",
        "non_bdb_migration_level",
        "non_bdb_migration_log_redirect",
        "parent_domain_matches_subdomains",
        "proxymap_service_name",
        "qmgr_message_active_limit",
        "qmgr_message_recipient_limit",
        "queue_service_name",
        "smtputf8_enable",
        "trigger_timeout",
    };
    return names;
}

namespace {

/// Also true for a comment, which is on the safe side.
bool master_cf_mentions(const std::string& config_directory, std::string_view parameter) {
    std::ifstream file(config_directory + "/master.cf");
    for (std::string line; std::getline(file, line);)
        if (line.find(parameter) != std::string::npos)
            return true;
    return false;
}

bool names_any(std::string_view list) {
    return list.find_first_not_of(", \t\r\n") != std::string_view::npos;
}

/// Half of what the queue manager holds; of a single message, the message. 0 stays no limit.
void read_limits(const postconf_result& main_cf, flush_parameters& result) {
    const auto half_of = [&](const char* limit) {
        return (static_cast<std::size_t>(main_cf.get_int(limit, 0)) + 1) / 2;
    };
    result.most_messages_in_delivery = half_of("qmgr_message_active_limit");
    if (result.most_messages_in_delivery > 0)
        result.most_recipients_in_delivery = half_of("qmgr_message_recipient_limit");
}

} // namespace

flush_parameters read_flush_parameters(const postconf_result& main_cf) {
    constexpr seconds shortest{1}; // Postfix allows no less for any of these
    flush_parameters result;
    result.fast_flush_domains = main_cf.get("fast_flush_domains");
    result.match_parent_domains = postfix_proto::parent_style_includes(
        main_cf.get("parent_domain_matches_subdomains"), "fast_flush_domains");
    result.refresh_time = main_cf.get_time("fast_flush_refresh_time", 'h', shortest);
    result.purge_time = main_cf.get_time("fast_flush_purge_time", 'd', shortest);

    result.smtputf8 = main_cf.get_bool("smtputf8_enable");
    result.idna2003_compatible = main_cf.get_bool("enable_idna2003_compatibility");
    result.table_open_error_is_fatal = main_cf.get_bool("daemon_table_open_error_is_fatal");

    result.hash_queue_names = main_cf.get("hash_queue_names");
    if (result.hash_queue_names.empty()) // no Postfix daemon starts with this
        throw postfix_proto::startup_error("parameter hash_queue_names: empty");
    result.hash_queue_depth = static_cast<unsigned>(main_cf.get_int("hash_queue_depth", 1));
    result.defers_transports =
        names_any(main_cf.get("defer_transports")) ||
        master_cf_mentions(main_cf.get("config_directory"), "defer_transports");
    read_limits(main_cf, result);
    result.queue_manager_socket = "public/" + main_cf.get("queue_service_name");
    result.proxymap_socket = "private/" + main_cf.get("proxymap_service_name");

    result.ipc_timeout = main_cf.get_time("ipc_timeout", 's', shortest);
    result.trigger_timeout = main_cf.get_time("trigger_timeout", 's', shortest);

    const auto& version = main_cf.get("mail_version");
    const auto parsed = postfix_proto::parse_mail_version(version);
    if (!parsed)
        throw postfix_proto::startup_error(
            fmt::format("parameter mail_version: not a Postfix version: \"{}\"", version));
    using postfix_proto::has_trait;
    using postfix_proto::release_trait;
    result.release = *parsed;
    result.announce_protocol = has_trait(*parsed, release_trait::protocol_announcement);
    result.joins_list_lines = has_trait(*parsed, release_trait::joined_list_lines);
    result.proxymap_form = postfix_proto::proxymap_form_of(*parsed);
    if (has_trait(*parsed, release_trait::berkeley_db_redirection))
        result.berkeley_db = postfix_proto::read_berkeley_db_policy(main_cf);
    return result;
}

void find_missing_table_types(flush_parameters& parameters,
                              const std::optional<std::string>& config_directory) {
    if (may_need_berkeley_db(parameters.fast_flush_domains))
        parameters.berkeley_db.missing_types = postfix_proto::missing_berkeley_db_types(
            postfix_proto::read_table_types(config_directory));
}

} // namespace flushd
