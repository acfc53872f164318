#include "flushd/flush_parameters.hpp"

#include "postfix_proto/domain_list.hpp"
#include "postfix_proto/mail_version.hpp"
#include "postfix_proto/postconf.hpp"

#include <fmt/format.h>

#include <fstream>
#include <string_view>

namespace flushd {

using postfix_proto::postconf_result;
using std::chrono::seconds;

const std::vector<std::string>& flush_parameter_names() {
    static const std::vector<std::string> names = {
        "config_directory",
        "daemon_table_open_error_is_fatal",
        "defer_transports",
        "enable_idna2003_compatibility",
        "fast_flush_domains",
        "fast_flush_purge_time",
        "fast_flush_refresh_time",
        "hash_queue_depth",
        "hash_queue_names",
        "ipc_timeout",
        "mail_version",
        "parent_domain_matches_subdomains",
        "proxymap_service_name",
        "queue_service_name",
        "smtputf8_enable",
        "trigger_timeout",
    };
    return names;
}

namespace {

/// In an entry, or commented out: it is enough to be on the safe side.
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
    if (result.hash_queue_names.empty()) // no daemon of Postfix starts then
        throw postfix_proto::startup_error("parameter hash_queue_names: empty");
    result.hash_queue_depth = static_cast<unsigned>(main_cf.get_int("hash_queue_depth", 1));
    result.defers_transports =
        names_any(main_cf.get("defer_transports")) ||
        master_cf_mentions(main_cf.get("config_directory"), "defer_transports");
    result.queue_manager_socket = "public/" + main_cf.get("queue_service_name");
    result.proxymap_socket = "private/" + main_cf.get("proxymap_service_name");

    result.ipc_timeout = main_cf.get_time("ipc_timeout", 's', shortest);
    result.trigger_timeout = main_cf.get_time("trigger_timeout", 's', shortest);

    const auto& version = main_cf.get("mail_version");
    const auto parsed = postfix_proto::parse_mail_version(version);
    if (!parsed)
        throw postfix_proto::startup_error(
            fmt::format("parameter mail_version: not a Postfix version: \"{}\"", version));
    result.announce_protocol = *parsed >= postfix_proto::first_with_protocol_announcement;
    result.joins_list_lines = *parsed >= postfix_proto::first_with_logical_lines_in_lists;
    return result;
}

} // namespace flushd
