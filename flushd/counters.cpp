#include "flushd/counters.hpp"

#include "postfix_proto/log.hpp"
#include "postfix_proto/queue_id.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace flushd {

using postfix_proto::errno_text;
using postfix_proto::file_descriptor;
using postfix_proto::startup_error;

namespace {

constexpr std::array<counter_name, counter_count> names = {{
    {"requests.add.ok", "requests", "request=\"add\",status=\"ok\""},
    {"requests.add.fail", "requests", "request=\"add\",status=\"fail\""},
    {"requests.add.deny", "requests", "request=\"add\",status=\"deny\""},
    {"requests.send_site.ok", "requests", "request=\"send_site\",status=\"ok\""},
    {"requests.send_site.fail", "requests", "request=\"send_site\",status=\"fail\""},
    {"requests.send_site.deny", "requests", "request=\"send_site\",status=\"deny\""},
    {"requests.send_file.ok", "requests", "request=\"send_file\",status=\"ok\""},
    {"requests.refresh.ok", "requests", "request=\"refresh\",status=\"ok\""},
    {"requests.purge.ok", "requests", "request=\"purge\",status=\"ok\""},
    {"requests.malformed.bad", "requests", "request=\"malformed\",status=\"bad\""},
    {"messages.send.moved", "messages", "operation=\"send\",result=\"moved\""},
    {"messages.send.missing", "messages", "operation=\"send\",result=\"missing\""},
    {"messages.send.duplicate", "messages", "operation=\"send\",result=\"duplicate\""},
    {"messages.send.failed", "messages", "operation=\"send\",result=\"failed\""},
    {"messages.refresh.moved", "messages", "operation=\"refresh\",result=\"moved\""},
    {"messages.refresh.missing", "messages", "operation=\"refresh\",result=\"missing\""},
    {"messages.refresh.duplicate", "messages", "operation=\"refresh\",result=\"duplicate\""},
    {"messages.refresh.failed", "messages", "operation=\"refresh\",result=\"failed\""},
    {"messages.file.moved", "messages", "operation=\"send_file\",result=\"moved\""},
    {"messages.file.missing", "messages", "operation=\"send_file\",result=\"missing\""},
    {"messages.file.failed", "messages", "operation=\"send_file\",result=\"failed\""},
    {"runs.send", "runs", "operation=\"send\""},
    {"run_microseconds.send", "run_seconds", "operation=\"send\"", true},
    {"runs.refresh", "runs", "operation=\"refresh\""},
    {"run_microseconds.refresh", "run_seconds", "operation=\"refresh\"", true},
    {"failures.write", "failures", "operation=\"write\""},
    {"failures.send", "failures", "operation=\"send\""},
    {"bad_lines", "bad_lines", ""},
    {"compactions", "compactions", ""},
    {"removed_logfiles", "removed_logfiles", ""},
    {"housekeeping_rounds", "housekeeping_rounds", ""},
    {"starts", "starts", ""},
}};

// More than all counters of any version take.
constexpr std::size_t longest_file = 65536;

/// Is another user for as long as it exists, if the process is root.
class other_user {
public:
    explicit other_user(const std::string& user) {
        if (::geteuid() != 0)
            return;
        const passwd* const entry = ::getpwnam(user.c_str());
        if (entry == nullptr)
            throw startup_error(fmt::format("getpwnam({}): unknown user", user));
        gid_ = ::getegid();
        if (::setegid(entry->pw_gid) < 0 || ::seteuid(entry->pw_uid) < 0)
            throw startup_error(fmt::format("cannot become {}: {}", user, errno_text(errno)));
        is_other_ = true;
    }
    other_user(const other_user&) = delete;
    other_user& operator=(const other_user&) = delete;
    ~other_user() {
        // What is to come, such as chroot(2), fails and says so, should this fail.
        if (is_other_ && ::seteuid(0) == 0)
            static_cast<void>(::setegid(gid_) == 0);
    }

private:
    gid_t gid_ = 0;
    bool is_other_ = false;
};

} // namespace

const counter_name& name_of(counter which) { return names[static_cast<std::size_t>(which)]; }

counter_sums parse_counters(std::string_view text) {
    counter_sums result;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const auto blank = line.find(' ');
        if (blank == std::string_view::npos || blank == 0)
            continue;
        std::uint64_t number = 0;
        const auto [last, error] =
            std::from_chars(line.data() + blank + 1, line.data() + line.size(), number);
        if (error == std::errc() && last == line.data() + line.size())
            result[std::string(line.substr(0, blank))] = number;
    }
    return result;
}

std::string format_counters(const counter_sums& sums) {
    std::string result;
    for (const auto& [key, number] : sums)
        result += fmt::format("{} {}\n", key, number);
    return result;
}

std::string counters_file::path(const std::string& data_directory,
                                const std::string& service_name) {
    const bool has_own_name =
        service_name != "flush" && postfix_proto::is_queue_file_name(service_name);
    return fmt::format("{}/flushd{}.counters", data_directory,
                       has_own_name ? '-' + service_name : "");
}

std::error_code counters_file::open(const std::string& path, const std::string& user) {
    const other_user as_the_user(user);
    file_descriptor file(::open(
        path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) < 0)
        return {errno, std::generic_category()};
    if (!S_ISREG(status.st_mode))
        return std::make_error_code(std::errc::invalid_argument);
    file_ = std::move(file);
    return {};
}

void counters_file::save(counters& from) {
    if (!file_ || !from.has_any() || ::flock(file_.get(), LOCK_EX | LOCK_NB) < 0)
        return;
    std::string text(longest_file, '\0');
    const auto size = ::pread(file_.get(), text.data(), text.size(), 0);
    if (size >= 0) {
        text.resize(static_cast<std::size_t>(size));
        auto sums = parse_counters(text);
        for (std::size_t i = 0; i < counter_count; ++i)
            sums[std::string(names[i].key)] += from.pending()[i];
        const auto after = format_counters(sums);
        // All or nothing, as it is one page. Not longer than what is there, it needs no room.
        const auto written = ::pwrite(file_.get(), after.data(), after.size(), 0);
        if (written == static_cast<ssize_t>(after.size())) {
            if (after.size() < text.size())
                static_cast<void>(::ftruncate(file_.get(), written) == 0);
            from.clear();
        } else if (written > 0) { // the disk is full: what is there must stay what it was
            static_cast<void>(::pwrite(file_.get(), text.data(), text.size(), 0) > 0);
            static_cast<void>(::ftruncate(file_.get(), size) == 0);
        }
    }
    ::flock(file_.get(), LOCK_UN);
}

} // namespace flushd
