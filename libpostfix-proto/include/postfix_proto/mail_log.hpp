/// Selects the log that a Postfix daemon writes to, before and after it has read its configuration.
///
/// Source: global/maillog_client.c and global/mail_task.c, Postfix 3.7. Postfix 3.3 and older
/// support syslog only.
#pragma once

#include "postfix_proto/log.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace postfix_proto {

/// `<tag>/<process name>`, which is how Postfix's log lines begin. `process_name` may be a
/// pathname.
[[nodiscard]] std::string log_name(std::string_view tag, std::string_view process_name);

/// The parameters of the same names, and which process logs.
struct log_settings {
    std::string process_name;          ///< the pathname or its last component
    std::string syslog_name;           ///< the tag, "postfix"
    std::string syslog_facility;       ///< "mail"; see syslog_facility_number()
    std::string myhostname;            ///< for postlogd(8); empty: "amnesiac"
    std::string queue_directory;       ///< which has the socket of postlogd(8)
    std::string maillog_file;          ///< empty: log to syslog
    std::string maillog_file_prefixes; ///< separated by commas or blanks
    std::string postlog_service_name;  ///< the socket's name in public/, "postlog"
    bool log_to_stderr = false;        ///< -V: standard error, too
};

/// The log until the configuration is known, as master(8)'s environment says: postlogd(8) when
/// POSTLOG_SERVICE names its socket (the host being POSTLOG_HOSTNAME, else "amnesiac"), else syslog
/// with facility mail. The tag is MAIL_LOGTAG, else "postfix".
/// With `to_stderr` (option -V) also standard error.
[[nodiscard]] std::unique_ptr<log_sink>
make_log_sink_before_configuration(std::string_view process_name, bool to_stderr = false);

/// The log from then on: postlogd(8) when maillog_file is set, else syslog, in either case under
/// syslog_name. As in stock Postfix, MAIL_LOGTAG no longer counts: it carries master(8)'s own
/// syslog_name and would undo one that master.cf sets for this service. Make it before a chroot(2).
/// Throws startup_error when maillog_file has none of the allowed prefixes, or for an unknown
/// syslog_facility.
[[nodiscard]] std::unique_ptr<log_sink> make_log_sink(const log_settings& settings);

} // namespace postfix_proto
