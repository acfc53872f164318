#include "flushd/tool/send/delivery_wait.hpp"

#include "flushd/core/selection.hpp"
#include "flushd/tool/postfix/foreign_file.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/queue/send_records.hpp"
#include "flushd/tool/screen/duration.hpp"
#include "flushd/tool/screen/interrupts.hpp"
#include "flushd/tool/send/mail_on_its_way.hpp"
#include "flushd/tool/send/progress_display.hpp"
#include "flushd/tool/send/verdict_json.hpp"

#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <thread>

namespace flushd::tool {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How often it examines the queue files. It pauses at least `longest_share` times as long as that
// takes.
constexpr milliseconds shortest_pause{100}, longest_pause{500};
constexpr int longest_share = 4;

// When messages that nobody has moved for so long are not waited for: the service has no send of
// the destination under way, or was stopped during one and will go on.
constexpr seconds patience_without_send{3}, patience_with_record{30};

// The same where sends cannot be seen. What is tried within a moment, and is deferred for the same
// reason as before, looks as if nobody had touched it.
constexpr seconds patience_with_listing{10};

// How many reasons the verdict has.
constexpr std::size_t most_reasons = 20;

} // namespace

void wait_options::add_to(command_options& command) {
    command.duration({"--timeout", "Wait at most this long (default: 10m)", "Waiting"}, limit);
    command.parsed({"--notify", "Run this shell command at the end, with the result", "Waiting"},
                   "COMMAND", [this](const std::string& text) {
                       notify = text;
                       return std::string(text.empty() ? "no command is given" : "");
                   });
    command.flag({"--json", "Print JSON, one object per line", "Output"}, json);
}

void wait_options::remember_directory() {
    std::error_code error;
    const auto found = std::filesystem::current_path(error);
    directory = error ? std::string("/") : found.string();
}

delivery_wait::delivery_wait(queue_context& queue, const wait_options& options)
    : queue_(queue), options_(options), bounces_(queue.layout()) {
    bounces_.start();
}

delivery_wait::delivery_wait(queue_context& queue, const wait_options& options,
                             listed_places& listed)
    : queue_(queue), options_(options), bounces_(queue.layout()), listed_(&listed) {}

void delivery_wait::add_mail_on_its_way(const target_list& targets) {
    std::set<logfile_name> sites;
    for (const auto& one : targets)
        if (one->file && !is_selection(*one->file))
            sites.insert(*one->file);
    if (sites.empty())
        return;
    const auto found = find_mail_on_its_way(queue_, sites);
    for (const auto& one : targets)
        if (const auto mail = one->file ? found.find(*one->file) : found.end(); mail != found.end())
            for (const auto& id : mail->second)
                one->messages.add(id);
}

deferral delivery_wait::read_reason(const send_target& one, const postfix_proto::queue_id& id) {
    if (listed_ != nullptr) {
        auto [text, host] = listed_->reason_of(id);
        return {std::move(text), std::move(host), false};
    }
    const auto file = open_foreign_file(foreign_path::in_queue(queue_.layout().path("defer", id)));
    std::string text;
    if (!file || postfix_proto::read_at(file.get(), 0, longest_defer_log, text))
        return {};
    auto result = one.file ? find_deferral(text, one.name) : deferral();
    // A recipient's domain may be written in another way.
    return result.reason.empty() ? find_deferral(text, "") : result;
}

/// Returns true if nothing more will happen to its messages.
bool delivery_wait::look(send_target& one) {
    const auto before = one.messages.result();
    one.messages.look(std::time(nullptr), bounces_);
    for (const auto& id : one.messages.take_deferred())
        one.reasons.add(read_reason(one, id));
    if (one.messages.result() != before)
        one.idle_since.reset();
    one.is_settled = is_settled(one);
    return one.is_settled;
}

bool delivery_wait::is_settled(send_target& one) {
    const auto& counts = one.messages.result();
    if (counts.is_done())
        return true;
    const auto state = counts.moving > 0 ? send_state::under_way
                       : one.file        ? recorded_send(queue_.postfix(), *one.file)
                                         : send_state::none;
    if (state == send_state::under_way) {
        one.idle_since.reset();
        return false;
    }
    const auto now = clock::now();
    if (!one.idle_since)
        one.idle_since = now;
    return now - *one.idle_since >= patience_with(state);
}

seconds delivery_wait::patience_with(send_state state) const {
    if (listed_ != nullptr)
        return patience_with_listing;
    return state == send_state::none ? patience_without_send : patience_with_record;
}

delivery_wait::ending delivery_wait::follow(const target_list& targets) {
    progress_display display(begin_, options_.json);
    const auto deadline = begin_ + options_.limit;
    milliseconds pause = shortest_pause;
    while (true) {
        const auto look_begin = clock::now();
        message_watch::counts all;
        bool is_over = true;
        if (listed_ != nullptr)
            listed_->read(queue_.postfix());
        for (const auto& one : targets) {
            if (one->refused)
                continue;
            is_over = look(*one) && is_over;
            all += one->messages.result();
        }
        if (all.all() > 0 && (options_.json || !is_over))
            display.show(all);
        if (is_over)
            return ending::settled;
        if (interrupt_guard::is_interrupted())
            return ending::interrupted;
        const auto now = clock::now();
        if (now >= deadline)
            return ending::timed_out;
        pause = std::min(pause * 5 / 4, longest_pause);
        std::this_thread::sleep_for(std::min<clock::duration>(
            std::max<clock::duration>(pause, longest_share * (now - look_begin)), deadline - now));
    }
}

verdict delivery_wait::judge(const target_list& targets, ending how, int earlier) const {
    verdict all;
    const auto open = how == ending::interrupted ? outcome::interrupted : outcome::timed_out;
    for (const auto& one : targets) {
        const auto& counts = one->messages.result();
        destination_verdict& told = all.destinations.emplace_back();
        told.name = one->name;
        told.is_from_listing = listed_ != nullptr;
        told.result = one->refused ? outcome::refused
                                   : outcome_of(counts, one->is_settled ? outcome::deferred : open);
        if (told.is_from_listing && told.result == outcome::delivered && counts.left > 0)
            told.result = outcome::left;
        if (!one->refused)
            told.counts = counts;
        told.reasons = one->reasons.most_frequent(most_reasons);
        told.is_down = one->is_settled && counts.waiting > 0 && one->reasons.is_destination_down();
        all.result = std::max(all.result, told.result);
    }
    if (how == ending::interrupted)
        all.result = outcome::interrupted;
    all.exit_status =
        earlier == 0 || how == ending::interrupted ? exit_status_of(all.result) : earlier;
    all.elapsed = std::chrono::duration_cast<milliseconds>(clock::now() - begin_);
    return all;
}

void delivery_wait::print(const verdict& all, const target_list& targets, ending how) const {
    if (options_.json)
        fmt::print("{}", result_line(all));
    else
        for (const auto& one : all.destinations)
            fmt::print("{}", describe(one));
    std::fflush(stdout);
    if (how == ending::settled)
        return;
    const auto command = [&](const std::string& words) {
        return fmt::format("`{}` ", postfix_command(queue_.postfix(), "flushd", words));
    };
    std::string again;
    for (const auto& one : targets)
        if (!one->is_settled && !one->refused && !one->is_mixed)
            again += fmt::format(" {}{}", one->id ? "--id " : "", shell_word(one->name));
    const auto next =
        again.empty() ? command("log") + "shows its end" : command("wait" + again) + "looks again";
    fmt::print(stderr, "flushd: {}; delivery goes on: {}\n",
               how == ending::interrupted
                   ? "interrupted"
                   : fmt::format("stopped waiting after {}", format_duration(options_.limit)),
               next);
}

int delivery_wait::run(const target_list& targets, int earlier) {
    ending how{};
    {
        const interrupt_guard guard;
        how = follow(targets);
    }
    const auto all = judge(targets, how, earlier);
    print(all, targets, how);
    if (!options_.notify.empty() && how != ending::interrupted)
        notify({options_.notify, options_.directory}, all);
    return all.exit_status;
}

void print_requests(const target_list& targets, int exit_status) {
    verdict all;
    all.result = outcome::requested;
    for (const auto& one : targets) {
        auto& told = all.destinations.emplace_back();
        told.name = one->name;
        told.result = one->refused ? outcome::refused : outcome::requested;
        told.counts.waiting = one->refused ? 0 : one->listed - one->held;
        told.counts.held = one->held;
        all.result = std::max(all.result, told.result);
    }
    all.exit_status = exit_status;
    fmt::print("{}", result_line(all));
}

} // namespace flushd::tool
