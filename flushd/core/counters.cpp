#include "flushd/core/counters.hpp"

#include "flushd/core/data_file.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <sys/file.h>
#include <unistd.h>

#include <charconv>
#include <utility>

namespace flushd {

using postfix_proto::read_at;
using postfix_proto::truncate;
using postfix_proto::write_at;

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
    {"messages.send.held", "messages", "operation=\"send\",result=\"held\""},
    {"messages.send.duplicate", "messages", "operation=\"send\",result=\"duplicate\""},
    {"messages.send.failed", "messages", "operation=\"send\",result=\"failed\""},
    {"results.delivered", "results", "result=\"delivered\""},
    {"results.bounced", "results", "result=\"bounced\""},
    {"results.gone", "results", "result=\"gone\""},
    {"results.deferred", "results", "result=\"deferred\""},
    {"results.left", "results", "result=\"left\""},
    {"messages.refresh.moved", "messages", "operation=\"refresh\",result=\"moved\""},
    {"messages.refresh.missing", "messages", "operation=\"refresh\",result=\"missing\""},
    {"messages.refresh.held", "messages", "operation=\"refresh\",result=\"held\""},
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

// Larger than the counters of any version.
constexpr std::size_t longest_file = 65536;

} // namespace

const counter_name& name_of(counter which) { return names[static_cast<std::size_t>(which)]; }

counter_sums parse_counters(std::string_view text) {
    counter_sums result;
    while (!text.empty()) {
        const auto line = postfix_proto::take_line(text);
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
    return data_file_path(data_directory, service_name, "counters");
}

std::error_code counters_file::open(const std::string& path, const std::string& user) {
    auto opened = open_data_file(path, user);
    if (!opened)
        return opened.error();
    file_ = *std::move(opened);
    return {};
}

void counters_file::save(counters& from) {
    if (!file_ || !from.has_any() || ::flock(file_.get(), LOCK_EX | LOCK_NB) < 0)
        return;
    std::string text;
    if (!read_at(file_.get(), 0, longest_file, text)) {
        auto sums = parse_counters(text);
        for (std::size_t i = 0; i < counter_count; ++i)
            sums[std::string(names[i].key)] += from.pending()[i];
        const auto after = format_counters(sums);
        // Not longer than what is there, it needs no room.
        if (!write_at(file_.get(), 0, after)) {
            if (after.size() < text.size())
                static_cast<void>(truncate(file_.get(), static_cast<off_t>(after.size())));
            from.clear();
        } else { // the disk is full: restore the old content
            static_cast<void>(write_at(file_.get(), 0, text));
            static_cast<void>(truncate(file_.get(), static_cast<off_t>(text.size())));
        }
    }
    ::flock(file_.get(), LOCK_UN);
}

} // namespace flushd
