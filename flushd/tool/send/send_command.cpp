#include "flushd/tool/command.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/queue/eligibility_hint.hpp"
#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/queue/site_summary.hpp"
#include "flushd/tool/screen/counted.hpp"
#include "flushd/tool/screen/duration.hpp"
#include "flushd/tool/screen/service_errors.hpp"
#include "flushd/tool/screen/tool_error.hpp"
#include "flushd/tool/send/delivery_wait.hpp"
#include "flushd/tool/send/paced_send.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using clock = std::chrono::steady_clock;
using postfix_proto::flush_outcome;

struct send_options {
    std::vector<std::string> sites, ids;
    bool all = false, wait = false;
    std::optional<seconds> older_than;
    wait_options how;
    paced_options paced;
};

class sender {
public:
    sender(queue_context& queue, const send_options& options) : queue_(queue), options_(options) {}

    /// Returns the exit status.
    int run() {
        queue_.refuse_without_services(not_permitted(options_.ids.empty()
                                                         ? command("postqueue", "-s SITE")
                                                         : command("postqueue", "-i ID")));
        std::optional<delivery_wait> waiting;
        if (options_.wait)
            waiting.emplace(queue_, options_.how);
        find_targets();
        if (targets_.empty() && status_ == 0 && !options_.how.json)
            fmt::print("No mail to send.\n");
        if (waiting)
            waiting->add_mail_on_its_way(targets_);
        for (auto& one : targets_)
            ask(*one);
        if (options_.paced.waits()) {
            fail_with(wait_until_up(queue_, targets_, waiting->bounces()));
            waiting->start_clock();
        }
        if (waiting)
            return waiting->run(targets_, status_);
        if (options_.how.json)
            print_requests(targets_, status_);
        return status_;
    }

private:
    void find_targets();
    void add_site(const listed_site& site, std::vector<std::string> asked_as);
    void add_id(postfix_proto::queue_id id);
    void ask(send_target& one);
    [[nodiscard]] postfix_proto::flush_result ask_for(const send_target& one,
                                                      const std::string& site);
    void report(send_target& one, const postfix_proto::flush_result& answer);
    void refuse(const send_target& one);
    /// One to be advised.
    [[nodiscard]] std::string command(std::string_view program, std::string_view arguments) const {
        return postfix_command(queue_.postfix(), program, arguments);
    }
    void fail_with(int status) { status_ = status_ == 0 ? status : status_; }

    queue_context& queue_;
    const send_options& options_;
    clock::time_point begin_ = clock::now();
    target_list targets_;
    bool knows_queue_ = false;
    int status_ = 0;
};

void sender::find_targets() {
    for (const auto& text : options_.ids) {
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
    if (!options_.all && !options_.older_than)
        return;
    const auto now = std::time(nullptr);
    for (const auto& site : read_listed_sites(queue_.layout())) {
        const auto summary = summarise(site, queue_.files());
        if (summary.deferred == 0 ||
            (options_.older_than &&
             (!summary.oldest || now - *summary.oldest <= options_.older_than->count())))
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
        return ask_paced(queue_, options_.paced, one);
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

void sender::report(send_target& one, const postfix_proto::flush_result& answer) {
    switch (answer.outcome) {
    case flush_outcome::ok:
        if (!options_.wait && !options_.how.json)
            fmt::print("{}: {}\n", one.name,
                       one.listed == 0 ? "no mail is listed"
                                       : "sending " + counted(one.listed, "message"));
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
        fail_with(EX_UNAVAILABLE);
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

void sender::refuse(const send_target& one) {
    std::fflush(stdout);
    if (options_.sites.empty())
        fmt::print(stderr,
                   "flushd: {}: mail is listed, but the destination is no longer in "
                   "fast_flush_domains\n",
                   one.name);
    else
        fmt::print(stderr, "flushd: {}", eligibility_hint(queue_.postfix(), one.name));
}

void run(const global_options& global, send_options& options) {
    const int ways = (options.sites.empty() ? 0 : 1) + (options.ids.empty() ? 0 : 1) +
                     (options.all || options.older_than ? 1 : 0);
    if (ways != 1)
        throw tool_error("specify one of SITE..., --all, --older-than TIME and --id ID", EX_USAGE);
    if (options.paced.are_used() && (options.sites.empty() || options.paced.mistake()))
        throw tool_error(options.sites.empty() ? "--when-up, --rate, --first and --cancel need SITE"
                                               : options.paced.mistake(),
                         EX_USAGE);
    if (options.paced.are_used() && options.how.json)
        throw tool_error("--json cannot be combined with --when-up, --rate, --first and --cancel",
                         EX_USAGE);
    options.wait = options.wait || !options.how.notify.empty() || options.paced.waits();
    options.how.remember_directory();
    queue_context queue(enter_queue_directory(global.config_directory));
    if (options.paced.cancel)
        return call_off(queue, options.sites);
    if (const int status = sender(queue, options).run(); status != 0)
        throw exit_request(status);
}

} // namespace

void add_send(CLI::App& app, const global_options& global) {
    auto options = std::make_shared<send_options>();
    command_options command(app, "send", "Request delivery of mail now");
    command.footer("TIME is a number with a unit: 90s, 30m, 2h or 3d.\n"
                   "Asks the flush service, as ETRN and postqueue -s do. The exit status is 0 when "
                   "the service has accepted the request, and 69 when it refuses or the mail "
                   "system is down. With --wait it is 0 when all mail was delivered, 65 when some "
                   "was returned to its sender, 75 when some was deferred again, is on hold or was "
                   "not tried, 124 when the time was up, and 130 after an interruption.");
    command.arguments("SITE", options->sites, "Send the listed mail for these destinations");
    command.flag({"--all", "Send for every destination with listed mail", "Selection"},
                 options->all);
    command.duration({"--older-than",
                      "Send for every destination whose oldest deferred message is older",
                      "Selection"},
                     options->older_than);
    command.texts({"--id", "Send this message, listed or not; may be repeated", "Selection"}, "ID",
                  options->ids);
    command.flag(
        {"-w,--wait", "Wait until each message has been tried, and report the result", "Waiting"},
        options->wait);
    options->how.add_to(command);
    add_paced_options(command, options->paced);
    command.action([options, &global] { run(global, *options); });
}

} // namespace flushd::tool
