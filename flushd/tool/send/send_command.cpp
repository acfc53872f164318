#include "flushd/tool/command.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/queue/eligibility_hint.hpp"
#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/queue/send_records.hpp"
#include "flushd/tool/queue/site_summary.hpp"
#include "flushd/tool/screen/counted.hpp"
#include "flushd/tool/screen/service_errors.hpp"
#include "flushd/tool/screen/tool_error.hpp"
#include "flushd/tool/send/chosen_send.hpp"
#include "flushd/tool/send/delivery_wait.hpp"
#include "flushd/tool/send/postqueue_send.hpp"
#include "flushd/tool/send/send_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flushd::tool {

namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;
using postfix_proto::flush_outcome;

class sender {
public:
    sender(queue_context& queue, const send_options& options) : queue_(queue), options_(options) {}

    /// Returns the exit status.
    int run() {
        if (options_.dry_run)
            return show_choice();
        if (options_.wait)
            waiting_.emplace(queue_, options_.how);
        if (options_.chooses())
            send_chosen();
        else
            send_listed();
        if (targets_.empty() && status_ == 0 && !options_.how.json)
            fmt::print("No mail to send.\n");
        if (options_.paced.waits()) {
            fail_with(wait_until_up(queue_, targets_, waiting_->bounces(), options_.how.json));
            waiting_->start_clock();
        }
        if (waiting_)
            return waiting_->run(targets_, status_);
        if (options_.how.json)
            print_requests(targets_, status_);
        return status_;
    }

private:
    int show_choice();
    void send_chosen();
    void send_listed();
    void find_targets();
    void add_site(const listed_site& site, std::vector<std::string> asked_as);
    void add_id(postfix_proto::queue_id id);
    void ask(send_target& one);
    void ask_at_pace(send_target& one);
    [[nodiscard]] postfix_proto::flush_result ask_for(const send_target& one,
                                                      const std::string& site);
    void report(send_target& one, const postfix_proto::flush_result& answer);
    void refuse(send_target& one);
    void tell(const send_target& one) const;
    void send_not_listed();
    /// One to be advised.
    [[nodiscard]] std::string command(std::string_view program, std::string_view arguments) const {
        return postfix_command(queue_.postfix(), program, arguments);
    }
    void fail_with(int status) { status_ = status_ == 0 ? status : status_; }

    queue_context& queue_;
    const send_options& options_;
    clock::time_point begin_ = clock::now();
    std::optional<delivery_wait> waiting_;
    target_list targets_;
    std::vector<send_target*> not_listed_; // sites whose mail is to be looked for in the queue
    bool knows_queue_ = false;
    int status_ = 0;
};

int sender::show_choice() {
    std::vector<mail_selection> selections{options_.whole_selection()};
    const auto found = chosen_sender(queue_, options_).find(selections);
    print_choice(found.front(), options_.how.json);
    return 0;
}

void sender::send_chosen() {
    chosen_sender service(queue_, options_);
    std::vector<mail_selection> selections{options_.whole_selection()};
    auto found = service.find(selections);
    // The mail of one domain has its name.
    const bool is_site = options_.sites.size() == 1 && options_.selection.is_empty();
    auto one = service.prepare(is_site ? options_.sites.front() : selected_name, found.front());
    one.site = is_site ? options_.sites.front() : selection_site(selections.front().describe());
    if (!is_site && !one.ids.empty())
        one.text = " for " + counted(found.front().destinations().size(), "destination");
    if (one.ids.empty() && (!options_.wait || options_.paced.waits()))
        return;
    service.ask(one);
    targets_.push_back(std::move(one.target));
}

void sender::send_listed() {
    find_targets();
    if (waiting_)
        waiting_->add_mail_on_its_way(targets_);
    for (auto& one : targets_)
        ask(*one);
    send_not_listed();
    if (!options_.has_many_ids())
        return;
    chosen_sender service(queue_, options_);
    auto one = service.prepare(options_.ids);
    if (one.ids.empty() && !options_.wait)
        return;
    service.ask(one);
    targets_.push_back(std::move(one.target));
}

/// Looks for all of it at once.
void sender::send_not_listed() {
    if (not_listed_.empty())
        return;
    chosen_sender service(queue_, options_);
    std::vector<mail_selection> selections(not_listed_.size());
    for (std::size_t i = 0; i < selections.size(); ++i)
        for (const auto& site : not_listed_[i]->asked_as)
            static_cast<void>(selections[i].add(mail_selection::kind::site, site));
    auto found = service.find(selections);
    for (std::size_t i = 0; i < selections.size(); ++i) {
        const auto slot = std::find_if(targets_.begin(), targets_.end(), [&](const auto& one) {
            return one.get() == not_listed_[i];
        });
        const auto was_refused = not_listed_[i]->refused;
        const auto hint =
            was_refused ? eligibility_hint(queue_.postfix(), not_listed_[i]->name) : std::string();
        if (was_refused && found[i].is_empty()) {
            std::fflush(stdout);
            fmt::print(stderr, "flushd: {}", hint);
            fail_with(EX_UNAVAILABLE);
            continue;
        }
        auto one = service.prepare(not_listed_[i]->name, found[i]);
        one.site = not_listed_[i]->name;
        one.text = " found in the queue";
        service.ask(one);
        *slot = std::move(one.target);
        if (!options_.how.json)
            fmt::print("{}", hint);
    }
    std::fflush(stdout);
}

void sender::find_targets() {
    for (const auto& text : options_.has_many_ids() ? std::vector<std::string>() : options_.ids) {
        auto id = postfix_proto::queue_id::parse(text);
        if (!id)
            throw tool_error(fmt::format("not a queue ID: {}", text), EX_USAGE);
        add_id(*std::move(id));
    }
    for (const auto& name : options_.sites) {
        const auto file = queue_.logfile_of(name);
        auto listed = read_listed_sites(queue_.layout(), std::set<logfile_name>{file});
        if (listed.empty())
            listed.emplace_back(file);
        add_site(listed.front(), queue_.sites_named(name));
        targets_.back()->name = targets_.back()->asked_as.front();
    }
    if (!options_.all)
        return;
    for (const auto& site : read_listed_sites(queue_.layout())) {
        const auto summary = summarise(site, queue_.files());
        if (summary.deferred == 0)
            continue;
        const auto& names = queue_.names().of(site.file);
        std::vector<std::string> asked_as(names.begin(), names.end());
        // The logfile's own name leads to the same logfile, if the service accepts it.
        asked_as.push_back(site.file.name());
        add_site(site, std::move(asked_as));
    }
}

void sender::add_site(const listed_site& site, std::vector<std::string> asked_as) {
    auto one = std::make_unique<send_target>(queue_.names().display(site.file), queue_.files());
    one->file = site.file;
    one->asked_as = std::move(asked_as);
    one->listed = site.ids.size();
    for (const auto& id : site.ids)
        one->held += queue_.files().is_on_hold(id) ? 1 : 0;
    if (options_.wait)
        for (const auto& id : site.ids)
            one->messages.add(id);
    targets_.push_back(std::move(one));
}

void sender::add_id(postfix_proto::queue_id id) {
    const auto where = queue_.files().find(id).where;
    if (where == queue_files::place::hold || where == queue_files::place::nowhere) {
        fmt::print(stderr, "flushd: {}: {}\n", id.str(),
                   where == queue_files::place::hold
                       ? fmt::format("is on hold; `{}` releases it",
                                     command("postsuper", "-H " + id.str()))
                       : "no such message is queued");
        fail_with(EX_UNAVAILABLE);
        return;
    }
    auto one = std::make_unique<send_target>(id.str(), queue_.files());
    one->listed = 1;
    if (options_.wait)
        one->messages.add(id);
    one->id = std::move(id);
    targets_.push_back(std::move(one));
}

postfix_proto::flush_result sender::ask_for(const send_target& one, const std::string& site) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(begin_ + options_.how.limit - clock::now());
    const auto settings = queue_.flush_settings(std::max(left, milliseconds(1)));
    return one.id ? ask_flush(postfix_proto::send_file_request{*one.id}, settings)
                  : ask_flush(postfix_proto::send_site_request{site}, settings);
}

void sender::ask(send_target& one) {
    if (one.id)
        return report(one, ask_for(one, ""));
    if (options_.paced.are_used())
        return ask_at_pace(one);
    postfix_proto::flush_result answer;
    for (const auto& site : one.asked_as) {
        answer = ask_for(one, site);
        if (answer.outcome != flush_outcome::deny)
            return report(one, answer);
    }
    if (options_.sites.empty()) { // recipients have the real name of the site
        if (!std::exchange(knows_queue_, true))
            queue_.learn_names_from_queue();
        for (const auto& site : queue_.names().of(*one.file)) {
            answer = ask_for(one, site);
            if (answer.outcome != flush_outcome::deny) {
                one.name = site;
                return report(one, answer);
            }
        }
    }
    report(one, answer);
}

void sender::ask_at_pace(send_target& one) {
    if (one.listed == 0)
        not_listed_.push_back(&one);
    else
        ask_paced(queue_, options_.paced, one, options_.how.json);
}

void sender::report(send_target& one, const postfix_proto::flush_result& answer) {
    switch (answer.outcome) {
    case flush_outcome::ok:
        if (!options_.wait && !options_.how.json)
            tell(one);
        return;
    case flush_outcome::unreachable:
        throw tool_error(
            fmt::format("{}; `{}` starts it", answer.text, command("postfix", "start")));
    case flush_outcome::forbidden:
        throw tool_error(not_permitted(command("postqueue", "-s SITE")), EX_NOPERM);
    case flush_outcome::out_of_resources:
        throw tool_error(answer.text, EX_OSERR);
    case flush_outcome::timed_out:
        throw tool_error(answer.text + "; the mail may still be sent", EX_TEMPFAIL);
    case flush_outcome::deny:
        refuse(one);
        break;
    case flush_outcome::fail:
        fmt::print(stderr, "flushd: {}\n", answer.text);
        fail_with(EX_TEMPFAIL);
        break;
    case flush_outcome::bad:
    case flush_outcome::closed:
    case flush_outcome::malformed:
    case flush_outcome::cancelled:
    case flush_outcome::client_closed:
        fmt::print(stderr, "flushd: {}: {}\n", one.name, answer.text);
        fail_with(EX_UNAVAILABLE);
        break;
    }
    one.refused = true;
}

void sender::tell(const send_target& one) const {
    const auto sent = one.listed - one.held;
    fmt::print("{}: {}\n", one.name,
               one.listed == 0 ? "no mail is listed" : "sending " + counted(sent, "message"));
    if (one.held > 0)
        fmt::print("{}: {} on hold; `{}` releases and sends it\n", one.name,
                   counted(one.held, "message"),
                   command("flushd", "send --release " + shell_word(one.name)));
}

void sender::refuse(send_target& one) {
    if (!options_.sites.empty()) {
        not_listed_.push_back(&one);
        return;
    }
    std::fflush(stdout);
    fmt::print(stderr,
               "flushd: {}: mail is listed, but the destination is no longer in "
               "fast_flush_domains\n",
               one.name);
    fail_with(EX_UNAVAILABLE);
}

/// What is looked for in the queue are domains, not logfiles.
void name_domains(queue_context& queue, std::vector<std::string>& sites) {
    std::vector<std::string> result;
    for (const auto& typed : sites) {
        auto named = queue.sites_named(typed);
        if (named.size() > 1)
            named.pop_back(); // the logfile's own name
        result.insert(result.end(), named.begin(), named.end());
    }
    sites = std::move(result);
}

void run(const global_options& global, send_options& options) {
    options.read_words();
    options.check();
    options.wait = options.wait || !options.how.notify.empty() || options.paced.waits();
    options.how.remember_directory();
    queue_context queue(enter_queue_directory(global.config_directory));
    if (options.paced.cancel)
        return call_off(queue, options.sites);
    if (options.chooses())
        name_domains(queue, options.sites);
    const auto send_here = [&] {
        return may_record(queue.postfix()) ? sender(queue, options).run()
                                           : send_with_postqueue(queue, options);
    };
    const int status =
        options.others.are_used()
            ? send_everywhere(queue, options.others, options.sites, options.how, send_here)
            : send_here();
    if (status != 0)
        throw exit_request(status);
}

} // namespace

void add_send(CLI::App& app, const global_options& global) {
    auto options = std::make_shared<send_options>();
    command_options command(app, "send", "Request delivery of mail now");
    command.footer(
        "TIME is a number with a unit: 90s, 30m, 2h or 3d. PATTERN is one of the shell, in any "
        "case. Of several options of one kind, a message needs to fulfil one; of several kinds, "
        "one of each. --not 'reason=*full*' leaves mail out.\n"
        "Asks the flush service, as ETRN and postqueue -s do; the mail of a destination that is "
        "not eligible is looked for in the queue. The exit status is 0 when the service has "
        "accepted the request, and 69 when it refuses or the mail system is down. With --wait it "
        "is 0 when all mail was delivered, 3 when it has left the queue and only root knows how, "
        "65 when some was returned to its sender, 75 when some "
        "was deferred again, is on hold or was not tried, 124 when the time was up, and 130 after "
        "an interruption.");
    options->add_to(command);
    command.action([options, &global] { run(global, *options); });
}

} // namespace flushd::tool
