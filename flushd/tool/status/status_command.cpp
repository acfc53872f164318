#include "flushd/tool/command.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/queue/send_records.hpp"
#include "flushd/tool/queue/site_summary.hpp"
#include "flushd/tool/screen/duration.hpp"
#include "flushd/tool/screen/terminal.hpp"
#include "flushd/tool/screen/text_table.hpp"
#include "flushd/tool/screen/tool_error.hpp"
#include "flushd/tool/status/status_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace flushd::tool {

namespace {

using std::chrono::seconds;

// The ages from which a site's oldest message stands out. Postfix returns mail after five days
// (maximal_queue_lifetime).
constexpr seconds notice_age = std::chrono::hours(24);
constexpr seconds alarm_age = std::chrono::hours(72);

// --watch pauses this many times as long as it reads.
constexpr int longest_share = 4;

struct status_options {
    std::vector<std::string> sites;
    sort_key sort = sort_key::deferred;
    std::optional<seconds> older_than;
    std::size_t top = 0; // no limit
    bool empty = false, json = false, names = false, watch = false;
    seconds interval{2};
};

/// The sends that are recorded: under way for long, or to wait until a destination is up. Whoever
/// may not know them is told of none.
std::vector<unfinished_sends::listed>
recorded_sends(const queue_context& queue, const std::optional<std::set<logfile_name>>& wanted) {
    auto all = read_send_records(queue.postfix());
    std::erase_if(all, [&](const auto& one) { return wanted && !wanted->contains(one.what.file); });
    return all;
}

status_report make_report(const queue_context& queue, const status_options& options,
                          const std::optional<std::set<logfile_name>>& wanted) {
    status_report result;
    result.now = std::time(nullptr);
    std::set<logfile_name> missing = wanted.value_or(std::set<logfile_name>());
    const auto listed = read_listed_sites(queue.layout(), wanted);
    std::optional<logfile_times::time> only_flushd_since;
    if (std::any_of(listed.begin(), listed.end(),
                    [](const auto& site) { return is_in_doubt(site.times); }))
        only_flushd_since = queue.only_flushd_since();
    for (const auto& site : listed) {
        missing.erase(site.file);
        if (wanted || options.empty || !site.ids.empty())
            result.sites.push_back(summarise(site, queue.files(), only_flushd_since));
    }
    for (const auto& file : missing) // so that each requested site has a row
        result.sites.emplace_back(file);
    if (options.older_than)
        keep_older(result.sites, *options.older_than, result.now);
    result.sends = recorded_sends(queue, wanted);
    result.total = total_of(result.sites);
    sort_sites(result.sites, options.sort);
    if (options.top > 0 && result.sites.size() > options.top) {
        result.left_out = result.sites.size() - options.top;
        result.sites.erase(result.sites.begin() + static_cast<std::ptrdiff_t>(options.top),
                           result.sites.end());
    }
    return result;
}

std::string last_send_text(const last_send& sent, std::time_t now) {
    const auto age = [now](std::time_t when) { return format_duration(seconds(now - when)); };
    return sent.at           ? age(*sent.at) + " ago"
           : sent.none_since ? "not for " + age(*sent.none_since)
                             : "-";
}

std::vector<text_table::cell> row_of(std::string name, const site_summary& site, std::time_t now) {
    const auto age = [now](const std::optional<std::time_t>& when, const char* none) {
        return when ? format_duration(seconds(now - *when)) : none;
    };
    auto how = emphasis::none;
    if (site.oldest && seconds(now - *site.oldest) >= notice_age)
        how = seconds(now - *site.oldest) >= alarm_age ? emphasis::alarm : emphasis::notice;
    return {{std::move(name)},
            {fmt::format("{}", site.listed)},
            {fmt::format("{}", site.deferred)},
            {age(site.oldest, "-"), how},
            {format_size(site.size)},
            {last_send_text(site.sent, now)},
            {fmt::format("{}", site.duplicates)}};
}

std::string table_text(queue_context& queue, const status_report& all,
                       const status_options& options, std::size_t width, bool colour) {
    std::string sends;
    for (const auto& one : all.sends)
        sends += describe(one, queue.postfix(), all.now) + '\n';
    if (all.sites.empty())
        return (options.older_than ? "No destination has older mail.\n"
                                   : "No mail is listed for any destination.\n") +
               sends;
    text_table table(
        {"DESTINATION", "LISTED", "DEFERRED", "OLDEST", "SIZE", "LAST SEND", "DUPLICATE"});
    for (const auto& site : all.sites)
        table.add(row_of(queue.names().display(site.file), site, all.now));
    if (all.left_out > 0)
        table.add({{fmt::format("and {} more", all.left_out)}});
    if (all.sites.size() + all.left_out > 1)
        table.add(row_of("total", all.total, all.now));
    return table.render(width, colour) + sends;
}

void print_once(queue_context& queue, const status_options& options,
                const std::optional<std::set<logfile_name>>& wanted) {
    const auto all = make_report(queue, options, wanted);
    const bool terminal = is_terminal(stdout);
    fmt::print("{}", options.json ? json_text(queue.names(), all)
                                  : table_text(queue, all, options,
                                               terminal ? size_of_terminal(stdout).columns : 0,
                                               has_colour(stdout)));
    std::fflush(stdout);
}

/// Runs until it is interrupted.
[[noreturn]] void watch(queue_context& queue, status_options options,
                        const std::optional<std::set<logfile_name>>& wanted) {
    using clock = std::chrono::steady_clock;
    const bool terminal = is_terminal(stdout);
    const auto top = options.top;
    for (;;) {
        const auto begin = clock::now();
        const auto size = size_of_terminal(stdout);
        if (terminal) { // titles, "and more", total, and the line of the cursor
            const auto fits = size.rows > 5 ? size.rows - 5 : 1;
            options.top = top > 0 ? std::min(top, fits) : fits;
        }
        const auto all = make_report(queue, options, wanted);
        const std::tm local = *std::localtime(&all.now);
        char time[sizeof "00:00:00"];
        std::strftime(time, sizeof time, "%T", &local);
        const auto text =
            options.json ? json_text(queue.names(), all)
                         : fmt::format("{}\n{}", time,
                                       table_text(queue, all, options, terminal ? size.columns : 0,
                                                  has_colour(stdout)));
        if (terminal)
            fmt::print("{}", drawn_over(text));
        else
            fmt::print("{}{}", text, options.json ? "" : "\n");
        if (std::fflush(stdout) != 0)
            throw tool_error("cannot write", EX_IOERR);
        std::this_thread::sleep_for(
            std::max<clock::duration>(options.interval, longest_share * (clock::now() - begin)));
    }
}

/// Returns what is wrong with the text, or "".
std::string take_sort_key(const std::string& text, sort_key& key) {
    static const std::map<std::string, sort_key> keys = {
        {"site", sort_key::site},         {"listed", sort_key::listed},
        {"deferred", sort_key::deferred}, {"oldest", sort_key::oldest},
        {"size", sort_key::size},         {"sent", sort_key::sent}};
    const auto found = keys.find(text);
    if (found == keys.end())
        return "not one of site, listed, deferred, oldest, size, sent: " + text;
    key = found->second;
    return {};
}

void run(const global_options& global, const status_options& options) {
    queue_context queue(enter_queue_directory(global.config_directory));
    std::optional<std::set<logfile_name>> wanted;
    if (!options.sites.empty())
        wanted = queue.logfiles_of(options.sites);
    for (const auto& site : options.sites)
        queue.names().add(site);
    if (options.names)
        queue.learn_names_from_queue();
    if (options.watch)
        watch(queue, options, wanted);
    print_once(queue, options, wanted);
}

} // namespace

void add_status(CLI::App& app, const global_options& global) {
    auto options = std::make_shared<status_options>();
    command_options command(app, "status", "Show the listed mail of each destination");
    command.footer(
        "TIME is a number with a unit: 90s, 30m, 2h or 3d.\n"
        "Reads the logfiles and queue files directly: it takes no lock, changes no access time, "
        "and works while Postfix is stopped. A million messages take some seconds.\n"
        "DUPLICATE counts further lines for messages that are already listed. LAST SEND says \"not "
        "for 2h\" when a send cannot be told from another read of the logfile: see flushd(1).");
    command.arguments("SITE", options->sites, "Show only these destinations");
    command.parsed(
        {"-s,--sort", "Sort by site, listed, deferred (default), oldest, size or sent",
         "Selection"},
        "KEY", [options](const std::string& text) { return take_sort_key(text, options->sort); });
    command.duration({"--older-than",
                      "Show only destinations whose oldest deferred message is older", "Selection"},
                     options->older_than);
    command.number({"-n,--top", "Show at most N destinations", "Selection"}, options->top);
    command.flag({"-a,--all", "Include destinations without listed mail", "Selection"},
                 options->empty);
    command.flag(
        {"--names", "Ask showq(8) for the names of all destinations; takes longer", "Output"},
        options->names);
    command.flag({"--json", "Print JSON; times are seconds since 1970", "Output"}, options->json);
    command.flag({"-w,--watch", "Repeat until interrupted", "Output"}, options->watch);
    command.duration({"--interval", "Time between two outputs of --watch (default: 2s)", "Output"},
                     options->interval);
    command.action([options, &global] { run(global, *options); });
}

} // namespace flushd::tool
