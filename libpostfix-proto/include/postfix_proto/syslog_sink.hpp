/// Log records through syslog(3).
#pragma once

#include "postfix_proto/log.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

/// The number of a syslog facility for the names that Postfix takes for syslog_facility
/// (util/msg_syslog.c, 3.7): auth, authpriv, cron, daemon, ftp, kern, lpr, mail, news, syslog,
/// user, uucp, local0 to local7, in lower case.
[[nodiscard]] std::optional<int> syslog_facility_number(std::string_view name);

/// The syslog priority of a severity; fatal and panic are both LOG_CRIT.
[[nodiscard]] int syslog_priority(severity level) noexcept;

/// Writes `[label: ]text` with the process ID, the text cut at 2000 bytes. Connects when it is
/// made, so make it before a chroot(2). syslog(3) knows one name per process: the sink made last
/// sets it, and an older one keeps logging, under that name. Thread-safe; waits as long as
/// syslog(3) does.
class syslog_sink : public log_sink {
public:
    /// Throws startup_error, which names syslog_facility, when `facility` is unknown.
    syslog_sink(std::string name, std::string_view facility);
    syslog_sink(const syslog_sink&) = delete;
    syslog_sink& operator=(const syslog_sink&) = delete;
    ~syslog_sink() override;

    void write(severity level, std::string_view text) noexcept override;

private:
    std::string name_; // syslog(3) keeps a pointer to it
    int facility_;
};

} // namespace postfix_proto
