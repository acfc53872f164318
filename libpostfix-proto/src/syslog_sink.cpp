#include "postfix_proto/syslog_sink.hpp"

#include "log_record.hpp"

#include <syslog.h>

#include <algorithm>
#include <array>
#include <atomic>
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

/// Whose name syslog(3) points to.
std::atomic<const syslog_sink*> name_owner{nullptr};

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

syslog_sink::syslog_sink(std::string name, std::string_view facility)
    : name_(std::move(name)), facility_(required_facility(facility)) {
    ::openlog(name_.c_str(), LOG_PID | LOG_NDELAY, facility_);
    name_owner = this;
}

syslog_sink::~syslog_sink() {
    // When a logger replaces its sink, the new one has opened the log already: closing it now would
    // lose the connection, which cannot be made again in a chroot jail.
    const syslog_sink* owner = this;
    if (name_owner.compare_exchange_strong(owner, nullptr))
        ::closelog();
}

void syslog_sink::write(severity level, std::string_view text) noexcept {
    try {
        ::syslog(facility_ | syslog_priority(level), "%s", labelled_text(level, text).c_str());
    } catch (...) { // out of memory while making a log line: there is nobody left to tell
    }
}

} // namespace postfix_proto
