#include "flushd/tool/command.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/queue/recipient_transports.hpp"
#include "flushd/tool/queue/send_records.hpp"
#include "flushd/tool/queue/waiting_report.hpp"
#include "flushd/tool/queue/waiting_table.hpp"
#include "flushd/tool/screen/resize_watch.hpp"
#include "flushd/tool/screen/terminal.hpp"
#include "flushd/tool/screen/tool_error.hpp"
#include "flushd/tool/selection_options.hpp"
#include "flushd/tool/status/html_file.hpp"
#include "flushd/tool/status/status_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace flushd::tool {

namespace {

using std::chrono::seconds;

// --watch pauses this many times as long as it reads.
constexpr int longest_share = 4;

struct status_options {
    waiting_question question;
    bool has_by = false, json = false, watch = false;
    seconds interval{2};
    std::filesystem::path html; // absolute; empty for none
};

/// Messages are listed for destinations that were named, unless they are to be grouped.
waiting_question question_of(const status_options& options) {
    auto result = options.question;
    result.list_messages = !result.destinations.empty() && !options.has_by;
    return result;
}

std::string table_text(const queue_context& queue, const waiting_report& all,
                       const status_options& options, std::size_t width, bool colour) {
    std::string sends;
    for (const auto& one : all.sends)
        sends += describe(one, queue.postfix(), all.now) + '\n';
    if (all.rows.empty())
        return (options.question.older_than ? "No destination has older mail.\n"
                                            : "No mail waits.\n") +
               sends;
    auto result = table_of_groups(all).render(width, colour);
    if (!all.messages.empty())
        result += '\n' + table_of_messages(all).render(width, colour);
    return result + sends;
}

/// Says once what the report cannot know.
void warn_of_gaps(const waiting_report& all) {
    static bool said = false;
    if (std::exchange(said, true))
        return;
    if (all.survey.from_postqueue)
        fmt::print(stderr,
                   "flushd: this is what postqueue(1) lists: only root knows the time of the "
                   "next attempt, and what is listed\n");
    else if (all.survey.damaged > 0)
        fmt::print(stderr, "flushd: {} queue files could not be read to the end\n",
                   all.survey.damaged);
}

void print_once(queue_context& queue, const status_options& options) {
    const auto all = ask_what_waits(queue, question_of(options));
    const bool terminal = is_terminal(stdout);
    warn_of_gaps(all);
    fmt::print("{}", options.json
                         ? json_text(queue.names(), all, question_of(options).list_messages)
                         : table_text(queue, all, options,
                                      terminal ? size_of_terminal(stdout).columns : 0,
                                      has_colour(stdout)));
    std::fflush(stdout);
}

/// The time, and the tables.
std::string screen_text(const queue_context& queue, const waiting_report& all,
                        const status_options& options, bool terminal) {
    const std::tm local = *std::localtime(&all.now);
    char time[sizeof "00:00:00"];
    std::strftime(time, sizeof time, "%T", &local);
    return fmt::format("{}\n{}", time,
                       table_text(queue, all, options,
                                  terminal ? size_of_terminal(stdout).columns : 0,
                                  has_colour(stdout)));
}

void draw(const queue_context& queue, waiting_report all, const status_options& options) {
    const auto rows = size_of_terminal(stdout).rows;
    // The time, titles, "and more", total, the line of the cursor; a gap and titles of messages.
    const std::size_t others = all.messages.empty() ? 5 : 9 + all.rows.size();
    const auto fits = rows > others ? rows - others : 1;
    if (all.messages.empty() && all.rows.size() > fits) {
        all.left_out += all.rows.size() - fits;
        all.rows.resize(fits);
    } else if (all.messages.size() > fits) {
        all.messages_left_out += all.messages.size() - fits;
        all.messages.erase(all.messages.begin() + static_cast<std::ptrdiff_t>(fits),
                           all.messages.end());
    }
    fmt::print("{}", drawn_over(screen_text(queue, all, options, true)));
}

void check_output() {
    if (std::fflush(stdout) != 0)
        throw tool_error("cannot write", EX_IOERR);
}

/// Runs until it is interrupted.
[[noreturn]] void watch(queue_context& queue, const status_options& options) {
    using clock = std::chrono::steady_clock;
    const bool terminal = is_terminal(stdout);
    const resize_watch resized;
    for (;;) {
        const auto begin = clock::now();
        const auto all = ask_what_waits(queue, question_of(options));
        warn_of_gaps(all);
        if (options.json)
            fmt::print("{}", json_text(queue.names(), all, question_of(options).list_messages));
        else if (!terminal)
            fmt::print("{}\n", screen_text(queue, all, options, false));
        const auto end =
            clock::now() +
            std::max<clock::duration>(options.interval, longest_share * (clock::now() - begin));
        do {
            if (terminal && !options.json)
                draw(queue, all, options); // again at each resize
            check_output();
        } while (resized.wait_until(end) && resized.take_change());
    }
}

template <typename Value>
std::string take_word(const std::string& text, Value& value,
                      const std::vector<std::pair<std::string_view, Value>>& words) {
    std::string all;
    for (const auto& [word, meaning] : words) {
        if (word == text) {
            value = meaning;
            return {};
        }
        all += fmt::format("{}{}", all.empty() ? "" : ", ", word);
    }
    return fmt::format("not one of {}: {}", all, text);
}

/// Returns what is wrong with the text, or "".
std::string take_sort_key(const std::string& text, waiting_column& key) {
    using column = waiting_column;
    return take_word<column>(text, key,
                             {{"site", column::name},
                              {"messages", column::messages},
                              {"deferred", column::deferred},
                              {"oldest", column::oldest},
                              {"next", column::next},
                              {"returned", column::returned},
                              {"active", column::active},
                              {"held", column::held},
                              {"listed", column::listed},
                              {"size", column::size},
                              {"sent", column::sent},
                              {"reason", column::reason}});
}

std::string take_group(const std::string& text, group_by& by) {
    std::vector<std::pair<std::string_view, group_by>> words;
    for (const auto one :
         {group_by::destination, group_by::relay, group_by::reason, group_by::reason_class,
          group_by::sender, group_by::sender_domain, group_by::transport})
        words.emplace_back(word_for(one), one);
    return take_word(text, by, words);
}

void run(const global_options& global, status_options options) {
    for (const auto what : {mail_selection::kind::mx, mail_selection::kind::transport})
        if (options.question.only.has(what))
            throw tool_error("--not cannot be used here with mx and transport", EX_USAGE);
    if (options.question.by == group_by::transport)
        options.question.transport_of =
            [all = std::make_shared<recipient_transports>()](const auto& message, const auto& one) {
                return all->of(message, one);
            };
    if (!options.html.empty() && (options.json || options.watch))
        throw tool_error("--html excludes --json and --watch", EX_USAGE);
    queue_context queue(enter_queue_directory(global.config_directory));
    if (!options.html.empty()) {
        const auto all = ask_what_waits(queue, options.question);
        warn_of_gaps(all);
        return write_html_file(options.html, queue, all);
    }
    if (options.watch)
        watch(queue, options);
    print_once(queue, options);
}

} // namespace

void add_status(CLI::App& app, const global_options& global) {
    auto options = std::make_shared<status_options>();
    auto& question = options->question;
    command_options command(app, "status", "Show the mail that waits, by destination");
    command.footer(
        "TIME is a number with a unit: 90s, 30m, 2h or 3d.\n"
        "Reads the queue files and logfiles directly: it takes no lock, changes no access time, "
        "and works while Postfix is stopped. A user who may not read them sees what postqueue(1) "
        "lists.\n"
        "NEXT is the time to the next attempt, RETURN that until the first message is returned to "
        "its sender. LAST SEND says \"not for 2h\" when a send cannot be told from another read of "
        "the logfile: see flushd(1).");
    command.arguments("SITE", question.destinations,
                      "Show only these destinations, and each of their messages");
    command.parsed({"--by",
                    "Group by destination (default), relay, reason, reason-class, sender, "
                    "sender-domain or transport",
                    "Selection"},
                   "WHAT", [options](const std::string& text) {
                       options->has_by = true;
                       return take_group(text, options->question.by);
                   });
    command.parsed(
        {"-s,--sort",
         "Sort by site, messages (default), deferred, oldest, next, returned, active, held, "
         "listed, size, sent or reason",
         "Selection"},
        "KEY",
        [options](const std::string& text) { return take_sort_key(text, options->question.sort); });
    command.duration(
        {"--older-than", "Show only what has older mail; of a SITE, only older mail", "Selection"},
        question.older_than);
    using kind = mail_selection::kind;
    add_selection_options(command, question.only, "Selection",
                          {kind::to, kind::from, kind::relay, kind::reason, kind::larger_than});
    command.number({"-n,--top", "Show at most N rows", "Selection"}, question.top);
    command.flag({"-a,--all", "Include destinations without mail that have a logfile", "Selection"},
                 question.all);
    command.flag({"--json", "Print JSON; times are seconds since 1970", "Output"}, options->json);
    command.parsed({"--html", "Replace FILE by a web page with the table and a picture", "Output"},
                   "FILE", [options](const std::string& path) -> std::string {
                       if (path.empty())
                           return "no file is named";
                       options->html = std::filesystem::absolute(path);
                       return {};
                   });
    command.flag({"-w,--watch", "Repeat until interrupted", "Output"}, options->watch);
    command.duration({"--interval", "Time between two outputs of --watch (default: 2s)", "Output"},
                     options->interval);
    command.action([options, &global] { run(global, *options); });
}

} // namespace flushd::tool
