/// Sends log records to postlogd(8), on systems that set maillog_file.
///
/// The protocol of that service is one datagram per record, without a reply, so a sender never
/// learns whether its record has been written.
#pragma once

#include "postfix_proto/log.hpp"

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

namespace postfix_proto {

class log_socket;

/// One record as postlogd(8) expects it (util/msg_logger.c, 3.7), without a newline: `Mon dd
/// HH:MM:SS host name[pid]: [label: ]text`, local time, only the first label of the host name, the
/// text cut at 2000 bytes.
[[nodiscard]] std::string postlog_record(std::time_t when, std::string_view hostname,
                                         std::string_view name, long pid, severity level,
                                         std::string_view text);

/// The client of postlogd(8), and what a logger writes to:
///
///     logger log(std::make_unique<postlog_sink>("postfix/tool", hostname, "public/postlog"));
///
/// `name` stands before the process ID in each record; `hostname` may have a domain. `socket_path`
/// is that of $postlog_service_name in $queue_directory; its directory admits root, mail_owner and
/// programs with setgid_group. Never fails: records that cannot be sent are counted.
///
/// Sends each record as one datagram. Connects when it is made, so make it before a chroot(2).
///
/// Never waits for long: a record may wait 200 ms for a postlogd(8) that is behind, and then is
/// lost; until a send succeeds again, only fatal and panic wait, up to a second. In all, waiting
/// takes no more than a tenth of the time. How many were lost is told by a warning before the next
/// record that gets through. When the socket has gone or is not there yet, each record tries to
/// connect anew: to `socket_path`, then to its last two components from the working directory,
/// which for a Postfix daemon is $queue_directory in and out of the jail. Thread-safe.
class postlog_sink : public log_sink {
public:
    /// `name` and `hostname` as in postlog_record(). A service that is not there is no error yet.
    postlog_sink(std::string name, std::string hostname, std::string socket_path);
    ~postlog_sink() override;

    void write(severity level, std::string_view text) noexcept override;

    /// How many records have been lost.
    [[nodiscard]] std::uint64_t lost() const noexcept;

private:
    std::unique_ptr<log_socket> socket_;
};

} // namespace postfix_proto
