/// Sends log records to the system's logger, in the format of syslog(3).
#pragma once

#include "postfix_proto/log.hpp"

#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace postfix_proto {

class log_socket;

/// The number of a syslog facility for the names that Postfix takes for syslog_facility
/// (util/msg_syslog.c, 3.7): auth, authpriv, cron, daemon, ftp, kern, lpr, mail, news, syslog,
/// user, uucp, local0 to local7, in lower case.
[[nodiscard]] std::optional<int> syslog_facility_number(std::string_view name);

/// The syslog priority of a severity; fatal and panic are both LOG_CRIT.
[[nodiscard]] int syslog_priority(severity level) noexcept;

/// One record as syslog(3) of the GNU C library sends it to the local logger, without a newline:
/// `<priority>Mon dd HH:MM:SS name[pid]: [label: ]text`, local time, the text cut at 2000 bytes.
/// `facility` is a syslog_facility_number().
[[nodiscard]] std::string syslog_record(std::time_t when, int facility, std::string_view name,
                                        long pid, severity level, std::string_view text);

/// The client of the system's logger, for systems without maillog_file. Not syslog(3), which waits
/// without a limit for a logger that does not read: this one, like postlog_sink, drops records that
/// are not read in time, and reports their number.
///
/// Sends each record as one datagram, or ended by a NUL where the logger's socket is a stream.
/// Connects when it is made, so make it before a chroot(2); it keeps the connection, and when the
/// logger has gone, each record tries to connect anew, which in a jail needs a socket there.
/// Thread-safe.
class syslog_sink : public log_sink {
public:
    /// `name` stands before the process ID in each record. Throws startup_error, which names
    /// syslog_facility, when `facility` is unknown.
    syslog_sink(std::string name, std::string_view facility, std::string path = "/dev/log");
    ~syslog_sink() override;

    void write(severity level, std::string_view text) noexcept override;

    /// How many records have been lost.
    [[nodiscard]] std::uint64_t lost() const noexcept;

private:
    std::unique_ptr<log_socket> socket_;
};

} // namespace postfix_proto
