#include "postfix_proto/mail_log.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/postlog_sink.hpp"
#include "postfix_proto/process_name.hpp"
#include "postfix_proto/stderr_sink.hpp"
#include "postfix_proto/syslog_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace postfix_proto {

namespace {

constexpr std::string_view separators = ", \t\r\n";

/// Writes each record to two sinks.
class both_sinks : public log_sink {
public:
    both_sinks(std::unique_ptr<log_sink> first, std::unique_ptr<log_sink> second)
        : first_(std::move(first)), second_(std::move(second)) {}

    void write(severity level, std::string_view text) noexcept override {
        first_->write(level, text);
        second_->write(level, text);
    }

private:
    std::unique_ptr<log_sink> first_;
    std::unique_ptr<log_sink> second_;
};

/// The value of an environment variable; empty counts as absent.
std::string from_environment(const char* name, const char* otherwise) {
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : otherwise;
}

bool has_allowed_prefix(std::string_view file, std::string_view prefixes) {
    while (!prefixes.empty()) {
        const auto prefix = prefixes.substr(0, prefixes.find_first_of(separators));
        prefixes.remove_prefix(std::min(prefix.size() + 1, prefixes.size()));
        if (!prefix.empty() && file.substr(0, prefix.size()) == prefix)
            return true;
    }
    return false;
}

std::unique_ptr<log_sink> make_daemon_sink(const log_settings& settings) {
    auto name = log_name(settings.syslog_name, settings.process_name);
    if (settings.maillog_file.empty())
        return std::make_unique<syslog_sink>(std::move(name), settings.syslog_facility);
    if (!has_allowed_prefix(settings.maillog_file, settings.maillog_file_prefixes))
        throw startup_error(
            fmt::format("parameter maillog_file: {} starts with none of maillog_file_prefixes: {}",
                        settings.maillog_file, settings.maillog_file_prefixes));
    return std::make_unique<postlog_sink>(
        std::move(name), settings.myhostname.empty() ? "amnesiac" : settings.myhostname,
        fmt::format("{}/public/{}", settings.queue_directory, settings.postlog_service_name));
}

} // namespace

std::string log_name(std::string_view tag, std::string_view process_name) {
    return fmt::format("{}/{}", tag, process_basename(process_name));
}

std::unique_ptr<log_sink> make_log_sink_before_configuration(std::string_view process_name,
                                                             bool to_stderr) {
    const auto name = log_name(from_environment("MAIL_LOGTAG", "postfix"), process_name);
    auto service = from_environment("POSTLOG_SERVICE", "");
    std::unique_ptr<log_sink> sink;
    if (service.empty())
        sink = std::make_unique<syslog_sink>(name, "mail");
    else
        sink = std::make_unique<postlog_sink>(
            name, from_environment("POSTLOG_HOSTNAME", "amnesiac"), std::move(service));
    if (!to_stderr)
        return sink;
    return std::make_unique<both_sinks>(std::move(sink), std::make_unique<stderr_sink>(name));
}

std::unique_ptr<log_sink> make_log_sink(const log_settings& settings) {
    auto sink = make_daemon_sink(settings);
    if (!settings.log_to_stderr)
        return sink;
    return std::make_unique<both_sinks>(
        std::move(sink),
        std::make_unique<stderr_sink>(log_name(settings.syslog_name, settings.process_name)));
}

} // namespace postfix_proto
