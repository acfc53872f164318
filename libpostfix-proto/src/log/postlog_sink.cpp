#include "postfix_proto/postlog_sink.hpp"

#include "log/log_record.hpp"
#include "log/log_socket.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <utility>

namespace postfix_proto {

namespace {

/// `public/postlog` of `/var/spool/postfix/public/postlog`.
std::string last_two_components(const std::string& path) {
    const auto last = path.rfind('/');
    if (last == std::string::npos || last == 0)
        return path;
    const auto before = path.rfind('/', last - 1);
    return before == std::string::npos ? path : path.substr(before + 1);
}

} // namespace

std::string postlog_record(std::time_t when, std::string_view hostname, std::string_view name,
                           long pid, severity level, std::string_view text) {
    return fmt::format("{} {} {}[{}]: {}", record_time(when, '0'),
                       hostname.substr(0, hostname.find('.')), name, pid,
                       labelled_text(level, text));
}

postlog_sink::postlog_sink(std::string name, std::string hostname, std::string socket_path)
    : socket_(std::make_unique<log_socket>(
          std::vector{socket_path, last_two_components(socket_path)}, log_socket::kind::datagram,
          [name = std::move(name), hostname = std::move(hostname)](severity level,
                                                                   std::string_view text) {
              return postlog_record(std::time(nullptr), hostname, name,
                                    static_cast<long>(::getpid()), level, text);
          })) {}

postlog_sink::~postlog_sink() = default;

void postlog_sink::write(severity level, std::string_view text) noexcept {
    socket_->write(level, text);
}

std::uint64_t postlog_sink::lost() const noexcept { return socket_->lost(); }

} // namespace postfix_proto
