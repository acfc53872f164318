/// Sends log records to a daemon without blocking on it for long. Private to the library.
#pragma once

#include "log/log_patience.hpp"
#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/log.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace postfix_proto {

/// Sends records to a log daemon such as syslogd or postlogd(8), one datagram per record. Unlike
/// syslog(3), it does not stop an event loop when that daemon stops: a record that is not accepted
/// in time is lost and counted, and the count is logged before the next record that is accepted.
/// Thread-safe.
class log_socket {
public:
    /// Makes a record from its text.
    using formatter = std::function<std::string(severity, std::string_view)>;
    /// The types of socket. On a stream, a NUL ends each record, as with syslog(3).
    enum class kind { datagram, datagram_or_stream };

    /// Connects to the first path on which a process listens. It is not an error if there is none:
    /// each record tries again.
    log_socket(std::vector<std::string> paths, kind may_be, formatter format);

    /// Sends the record, or loses it.
    void write(severity level, std::string_view text) noexcept;

    /// The number of lost records.
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

private:
    void connect() noexcept;
    [[nodiscard]] bool connect_to(const std::string& path, int type) noexcept;
    [[nodiscard]] int try_to_send(std::string_view record) noexcept;
    [[nodiscard]] bool send(std::string record, bool is_last_word);
    void tell_of_losses(bool is_last_word);

    std::vector<std::string> paths_;
    kind may_be_;
    formatter format_;
    std::mutex mutex_;
    file_descriptor socket_;
    bool is_stream_ = false;
    log_patience patience_;
    std::atomic<std::uint64_t> lost_{0};
    std::uint64_t told_ = 0; // of those lost
};

} // namespace postfix_proto
