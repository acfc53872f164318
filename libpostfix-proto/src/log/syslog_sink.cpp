#include "postfix_proto/syslog_sink.hpp"

#include "log/log_record.hpp"
#include "log/log_socket.hpp"
#include "postfix_proto/errors.hpp"

#include <fmt/format.h>

#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace postfix_proto {

namespace {

constexpr std::array<std::pair<std::string_view, int>, 20> facilities{{
    {"auth", LOG_AUTH},     {"authpriv", LOG_AUTHPRIV}, {"cron", LOG_CRON},
    {"daemon", LOG_DAEMON}, {"ftp", LOG_FTP},           {"kern", LOG_KERN},
    {"lpr", LOG_LPR},       {"mail", LOG_MAIL},         {"news", LOG_NEWS},
    {"syslog", LOG_SYSLOG}, {"user", LOG_USER},         {"uucp", LOG_UUCP},
    {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},     {"local2", LOG_LOCAL2},
    {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},     {"local5", LOG_LOCAL5},
    {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7},
}};

int required_facility(std::string_view name) {
    const auto number = syslog_facility_number(name);
    if (!number)
        throw startup_error(fmt::format("parameter syslog_facility: unknown facility: {}", name));
    return *number;
}

} // namespace

std::optional<int> syslog_facility_number(std::string_view name) {
    const auto found = std::find_if(facilities.begin(), facilities.end(),
                                    [name](const auto& entry) { return entry.first == name; });
    if (found == facilities.end())
        return std::nullopt;
    return found->second;
}

int syslog_priority(severity level) noexcept {
    switch (level) {
    case severity::info:
        return LOG_INFO;
    case severity::warning:
        return LOG_WARNING;
    case severity::error:
        return LOG_ERR;
    case severity::fatal:
    case severity::panic:
        return LOG_CRIT;
    }
    return LOG_CRIT;
}

std::string syslog_record(std::time_t when, int facility, std::string_view name, long pid,
                          severity level, std::string_view text) {
    return fmt::format("<{}>{} {}[{}]: {}", facility | syslog_priority(level),
                       record_time(when, ' '), name, pid, labelled_text(level, text));
}

syslog_sink::syslog_sink(std::string name, std::string_view facility, std::string path)
    : socket_(std::make_unique<log_socket>(
          std::vector{std::move(path)}, log_socket::kind::datagram_or_stream,
          [name = std::move(name), number = required_facility(facility)](severity level,
                                                                         std::string_view text) {
              return syslog_record(std::time(nullptr), number, name, static_cast<long>(::getpid()),
                                   level, text);
          })) {}

syslog_sink::~syslog_sink() = default;

void syslog_sink::write(severity level, std::string_view text) noexcept {
    socket_->write(level, text);
}

std::uint64_t syslog_sink::lost() const noexcept { return socket_->lost(); }

} // namespace postfix_proto
