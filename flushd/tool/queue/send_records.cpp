#include "flushd/tool/queue/send_records.hpp"

#include "flushd/core/data_file.hpp"
#include "flushd/core/selection.hpp"
#include "flushd/tool/postfix/foreign_file.hpp"
#include "flushd/tool/postfix/live_service.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/counted.hpp"
#include "flushd/tool/screen/duration.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include <fmt/format.h>

#include <pwd.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>
#include <thread>

namespace flushd::tool {

using std::chrono::milliseconds;
using std::chrono::seconds;
using clock = std::chrono::steady_clock;

namespace {

// A process of the service looks once a second, but one that is started may have to read tables.
constexpr seconds service_patience{15};
constexpr milliseconds look_interval{50};

constexpr std::string_view selection_beginning = "selected(";

std::string path_of_records(const instance& where) {
    return data_file_path(where.parameters().get("data_directory"),
                          where.parameters().get("flush_service_name"), "sends");
}

} // namespace

std::vector<unfinished_sends::listed> read_send_records(const instance& where) {
    const auto& directory = where.parameters().get("data_directory");
    return unfinished_sends::list(
        open_foreign_file({directory, path_of_records(where).substr(directory.size() + 1)}));
}

send_state recorded_send(const instance& where, const logfile_name& file) {
    auto result = send_state::none;
    for (const auto& one : read_send_records(where))
        if (one.what.file == file)
            result = std::max(result,
                              one.is_under_way ? send_state::under_way : send_state::left_behind);
    return result;
}

send_records::send_records(const instance& where) : where_(where) {
    const auto& parameters = where.parameters();
    const auto path = path_of_records(where);
    const auto& owner = parameters.get("mail_owner");
    const auto failure = sends_.open(path, owner);
    if (failure == std::errc::permission_denied || failure == std::errc::operation_not_permitted)
        throw tool_error(fmt::format("only root and {} may ask for this", owner), EX_NOPERM);
    if (failure)
        throw tool_error(fmt::format("open {}: {}", path, failure.message()), EX_OSERR);
}

bool send_records::is_begun(const logfile_name& file) const {
    const auto all = sends_.list();
    return std::none_of(all.begin(), all.end(), [&](const auto& one) {
        return one.what.file == file && !one.is_under_way;
    });
}

void send_records::ask(const logfile_name& file, const std::string& site, const send_pace& pace) {
    auto asked = pace;
    asked.user = ::getuid();
    if (!sends_.leave({file, site, asked}))
        throw tool_error(fmt::format("{}: cannot record the send", site), EX_OSERR);
    // This starts a process, if none is there.
    const auto answer = ask_for_nothing(where_, service_patience);
    const auto end = clock::now() + service_patience;
    while (!is_begun(file)) {
        if (answer.outcome != postfix_proto::flush_outcome::ok || clock::now() > end) {
            sends_.call_off(file);
            throw tool_error(answer.outcome == postfix_proto::flush_outcome::ok
                                 ? fmt::format("the flush service does not begin the send; `{}` "
                                               "tells whether flushd is the flush service",
                                               postfix_command(where_, "flushd", "check"))
                                 : answer.text);
        }
        std::this_thread::sleep_for(look_interval);
    }
}

std::size_t send_records::call_off_selections(const std::string& name) {
    std::set<logfile_name> meant;
    for (const auto& one : sends_.list())
        if (is_selection(one.what.file) &&
            (name_of(one.what) == name || one.what.file.name() == name))
            meant.insert(one.what.file);
    std::size_t count = 0;
    for (const auto& file : meant)
        count += sends_.call_off(file);
    return count;
}

bool send_records::waits_until_up(const logfile_name& file) const {
    const auto all = sends_.list();
    return std::any_of(all.begin(), all.end(), [&](const auto& one) {
        return one.what.file == file && one.what.pace.when_up_until;
    });
}

std::string selection_site(const std::string& description) {
    return fmt::format("{}{})", selection_beginning, description);
}

std::string name_of(const unfinished_sends::entry& one) {
    return is_selection(one.file) && one.site.starts_with(selection_beginning) ? one.file.name()
                                                                               : one.site;
}

bool may_record(const instance& where) {
    const auto* const owner = ::getpwnam(where.parameters().get("mail_owner").c_str());
    return ::geteuid() == 0 || (owner != nullptr && ::geteuid() == owner->pw_uid);
}

std::string describe(const send_pace& pace) {
    std::string text;
    if (pace.first > 0)
        text += ", the first " + counted(pace.first, "message");
    if (const auto interval = pace.interval; interval >= seconds(2))
        text += fmt::format(", one in {}",
                            format_duration(std::chrono::duration_cast<seconds>(interval)));
    else if (interval.count() > 0)
        text += fmt::format(", {:.3g}/s", 1e6 / static_cast<double>(interval.count()));
    return text;
}

std::string call_off_command(const instance& where, std::string_view site) {
    return postfix_command(where, "flushd", fmt::format("send --cancel {}", shell_word(site)));
}

std::string describe(const unfinished_sends::listed& record, const instance& where,
                     std::time_t now) {
    const auto& [file, site, pace, tries] = record.what;
    if (!pace.when_up_until)
        return fmt::format("{}: {}{}", site, record.is_under_way ? "being sent" : "to be sent",
                           describe(pace));
    return fmt::format("{}: to be sent when it is up{}; given up in {}; `{}` calls it off", site,
                       describe(pace), format_duration(seconds(*pace.when_up_until - now)),
                       call_off_command(where, name_of(record.what)));
}

} // namespace flushd::tool
