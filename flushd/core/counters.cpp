#include "flushd/core/counters.hpp"

#include "flushd/core/data_file.hpp"
#include "flushd/core/words.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <sys/file.h>
#include <unistd.h>

#include <utility>

namespace flushd {

using postfix_proto::read_at;
using postfix_proto::truncate;
using postfix_proto::write_at;

namespace {

constexpr counter_metric requests{"requests",
                                  "Requests to the flush service, by request and reply."};
constexpr counter_metric messages{"messages", "Messages that were sent or refreshed, by result."};
constexpr counter_metric results{
    "results",
    "Messages that sends moved, by what came of them; gone: delivered or bounced, left: not "
    "moved, because the destination was down."};
constexpr counter_metric runs{"runs", "Sends and refreshes of destinations with listed mail."};
constexpr counter_metric run_seconds{"run_seconds", "Total duration of these sends and refreshes.",
                                     true};
constexpr counter_metric failures{"failures", "Logfiles that could not be written or sent."};
constexpr counter_metric bad_lines{"bad_lines", "Lines of logfiles that are not queue IDs."};
constexpr counter_metric compactions{"compactions",
                                     "Logfiles that were rewritten without duplicates."};
constexpr counter_metric removed_logfiles{"removed_logfiles",
                                          "Empty logfiles that housekeeping removed."};
constexpr counter_metric housekeeping_rounds{"housekeeping_rounds",
                                             "Rounds of housekeeping that were started."};
constexpr counter_metric other_hosts{
    "other_host_requests",
    "Requests of other hosts by ETRN (-H), by what came of them; failed: no answer, dropped: too "
    "many at once."};
constexpr counter_metric starts{"starts", "Service processes that were started."};

// In the order of `counter`.
constexpr std::array<counter_name, counter_count> names = {{
    {counter::add_ok, "requests.add.ok", requests, "request=\"add\",status=\"ok\""},
    {counter::add_fail, "requests.add.fail", requests, "request=\"add\",status=\"fail\""},
    {counter::add_deny, "requests.add.deny", requests, "request=\"add\",status=\"deny\""},
    {counter::send_site_ok, "requests.send_site.ok", requests,
     "request=\"send_site\",status=\"ok\""},
    {counter::send_site_fail, "requests.send_site.fail", requests,
     "request=\"send_site\",status=\"fail\""},
    {counter::send_site_deny, "requests.send_site.deny", requests,
     "request=\"send_site\",status=\"deny\""},
    {counter::send_file_ok, "requests.send_file.ok", requests,
     "request=\"send_file\",status=\"ok\""},
    {counter::refresh_ok, "requests.refresh.ok", requests, "request=\"refresh\",status=\"ok\""},
    {counter::purge_ok, "requests.purge.ok", requests, "request=\"purge\",status=\"ok\""},
    {counter::malformed, "requests.malformed.bad", requests,
     "request=\"malformed\",status=\"bad\""},
    {counter::send_moved, "messages.send.moved", messages, "operation=\"send\",result=\"moved\""},
    {counter::send_missing, "messages.send.missing", messages,
     "operation=\"send\",result=\"missing\""},
    {counter::send_held, "messages.send.held", messages, "operation=\"send\",result=\"held\""},
    {counter::send_duplicate, "messages.send.duplicate", messages,
     "operation=\"send\",result=\"duplicate\""},
    {counter::send_failed, "messages.send.failed", messages,
     "operation=\"send\",result=\"failed\""},
    {counter::send_delivered, "results.delivered", results, "result=\"delivered\""},
    {counter::send_bounced, "results.bounced", results, "result=\"bounced\""},
    {counter::send_gone, "results.gone", results, "result=\"gone\""},
    {counter::send_deferred, "results.deferred", results, "result=\"deferred\""},
    {counter::send_left, "results.left", results, "result=\"left\""},
    {counter::refresh_moved, "messages.refresh.moved", messages,
     "operation=\"refresh\",result=\"moved\""},
    {counter::refresh_missing, "messages.refresh.missing", messages,
     "operation=\"refresh\",result=\"missing\""},
    {counter::refresh_held, "messages.refresh.held", messages,
     "operation=\"refresh\",result=\"held\""},
    {counter::refresh_duplicate, "messages.refresh.duplicate", messages,
     "operation=\"refresh\",result=\"duplicate\""},
    {counter::refresh_failed, "messages.refresh.failed", messages,
     "operation=\"refresh\",result=\"failed\""},
    {counter::file_moved, "messages.file.moved", messages,
     "operation=\"send_file\",result=\"moved\""},
    {counter::file_missing, "messages.file.missing", messages,
     "operation=\"send_file\",result=\"missing\""},
    {counter::file_failed, "messages.file.failed", messages,
     "operation=\"send_file\",result=\"failed\""},
    {counter::sends, "runs.send", runs, "operation=\"send\""},
    {counter::send_microseconds, "run_microseconds.send", run_seconds, "operation=\"send\""},
    {counter::refreshes, "runs.refresh", runs, "operation=\"refresh\""},
    {counter::refresh_microseconds, "run_microseconds.refresh", run_seconds,
     "operation=\"refresh\""},
    {counter::write_failures, "failures.write", failures, "operation=\"write\""},
    {counter::send_failures, "failures.send", failures, "operation=\"send\""},
    {counter::bad_lines, "bad_lines", bad_lines},
    {counter::compactions, "compactions", compactions},
    {counter::removed_logfiles, "removed_logfiles", removed_logfiles},
    {counter::housekeeping_rounds, "housekeeping_rounds", housekeeping_rounds},
    {counter::other_hosts_accepted, "other_hosts.accepted", other_hosts, "result=\"accepted\""},
    {counter::other_hosts_refused, "other_hosts.refused", other_hosts, "result=\"refused\""},
    {counter::other_hosts_failed, "other_hosts.failed", other_hosts, "result=\"failed\""},
    {counter::other_hosts_dropped, "other_hosts.dropped", other_hosts, "result=\"dropped\""},
    {counter::starts, "starts", starts},
}};

constexpr bool is_in_order() {
    for (std::size_t i = 0; i < counter_count; ++i)
        if (static_cast<std::size_t>(names[i].which) != i)
            return false;
    return true;
}
static_assert(is_in_order());

} // namespace

const counter_name& name_of(counter which) { return names[static_cast<std::size_t>(which)]; }

counter_sums parse_counters(std::string_view text) {
    counter_sums result;
    while (!text.empty()) {
        const auto line = postfix_proto::take_line(text);
        const auto blank = line.find(' ');
        if (blank == std::string_view::npos || blank == 0)
            continue;
        if (const auto number = whole_number<std::uint64_t>(line.substr(blank + 1)))
            result[std::string(line.substr(0, blank))] = *number;
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
    if (!read_at(file_.get(), 0, longest, text)) {
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
