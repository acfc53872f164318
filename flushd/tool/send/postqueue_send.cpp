#include "flushd/tool/send/postqueue_send.hpp"

#include "flushd/tool/screen/counted.hpp"
#include "flushd/tool/screen/last_line.hpp"
#include "flushd/tool/screen/tool_error.hpp"
#include "flushd/tool/send/chosen_mail.hpp"
#include "flushd/tool/send/chosen_send.hpp"

#include <fmt/format.h>

#include <sys/wait.h>

#include <cstddef>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace flushd::tool {

namespace {

// What postqueue(1) says of a site that is not eligible (flush_clnt.c, the same in 3.5 to 3.11).
constexpr std::string_view not_eligible = "service is not configured for destination";
// And of a user who may not.
constexpr std::string_view not_allowed = "is not allowed to";

void refuse_options(const queue_context& queue, const send_options& options) {
    const auto& paced = options.paced;
    const char* const used = paced.when_up                ? "--when-up"
                             : paced.interval.count() > 0 ? "--rate"
                             : paced.first > 0            ? "--first"
                             : options.release            ? "--release"
                                                          : nullptr;
    if (used != nullptr)
        throw tool_error(fmt::format("only root and {} may use {}",
                                     queue.postfix().parameters().get("mail_owner"), used),
                         EX_NOPERM);
}

class postqueue_sender {
public:
    postqueue_sender(queue_context& queue, const send_options& options)
        : queue_(queue), options_(options) {}

    int run() {
        if (options_.wait)
            listed_.read(queue_.postfix());
        if (options_.chooses())
            choose();
        else if (options_.all)
            send_all();
        else
            send_named();
        if (options_.wait)
            return delivery_wait(queue_, options_.how, listed_).run(targets_);
        if (options_.how.json)
            print_requests(targets_, 0);
        else if (targets_.empty())
            fmt::print("No mail to send.\n");
        return 0;
    }

private:
    void choose() {
        std::vector<mail_selection> selections{options_.whole_selection()};
        auto found = chosen_sender(queue_, options_).find(selections);
        send_messages(add_target(selected_name, &found.front()), found.front());
        targets_.back()->is_mixed = true;
    }

    void send_all() {
        const mail_selection everything;
        std::vector<std::string> sites;
        for (const auto& one : choose_mail(queue_, {&everything}).front().destinations())
            if (one.deferred > 0 && !one.domain.empty())
                sites.push_back(one.domain);
        const auto mail = options_.wait ? find_sites(sites) : std::vector<chosen_mail>();
        for (std::size_t i = 0; i < sites.size(); ++i)
            if (ask("-s", sites[i]))
                told(add_target(sites[i], options_.wait ? &mail[i] : nullptr), 0, "requested");
    }

    void send_named() {
        for (const auto& text : options_.ids) {
            if (!postfix_proto::queue_id::parse(text))
                throw tool_error(fmt::format("not a queue ID: {}", text), EX_USAGE);
            auto& target = add_target(text, nullptr);
            if (options_.wait)
                target.messages.add(*postfix_proto::queue_id::parse(text));
            static_cast<void>(ask("-i", text));
            told(target, 1, "requested");
        }
        // Before it is requested, or a quick delivery would be overlooked.
        const auto known = options_.wait ? find_sites(options_.sites) : std::vector<chosen_mail>();
        for (std::size_t i = 0; i < options_.sites.size(); ++i) {
            const auto& site = options_.sites[i];
            if (ask("-s", site)) {
                told(add_target(site, options_.wait ? &known[i] : nullptr), 0, "requested");
                continue;
            }
            const auto mail = options_.wait ? known[i] : find_sites({site}).front();
            send_messages(add_target(site, &mail), mail);
        }
    }

    /// Its messages are added if their delivery is waited for.
    send_target& add_target(const std::string& name, const chosen_mail* mail) {
        targets_.push_back(options_.wait ? std::make_unique<send_target>(name, listed_.finder())
                                         : std::make_unique<send_target>(name, queue_.files()));
        auto& one = *targets_.back();
        if (options_.wait && mail != nullptr)
            for (const auto& ids : {mail->moving(), mail->in_turn(), mail->held_ids()})
                for (const auto& id : ids)
                    one.messages.add(id);
        return one;
    }

    [[nodiscard]] std::vector<chosen_mail> find_sites(const std::vector<std::string>& sites) {
        std::vector<const mail_selection*> addresses;
        for (const auto& site : sites) {
            addresses.push_back(&selections_.emplace_back());
            static_cast<void>(selections_.back().add(mail_selection::kind::site, site));
        }
        return choose_mail(queue_, addresses);
    }

    void send_messages(send_target& target, const chosen_mail& mail) {
        const auto ids = mail.in_turn();
        for (const auto& id : ids)
            static_cast<void>(ask("-i", id.str()));
        told(target, ids.size(),
             ids.empty()
                 ? "no mail to send"
                 : "requested for " + counted(ids.size(), "message") + " found in the queue");
    }

    void told(send_target& one, std::size_t messages, const std::string& what) const {
        one.listed = messages;
        if (!options_.how.json && !options_.wait)
            fmt::print("{}: {}\n", one.name, what);
    }

    /// False if the site is not eligible.
    bool ask(const std::string& option, const std::string& value) {
        const auto done = queue_.postfix().run("postqueue", {option, value});
        const int status = WIFEXITED(done.wait_status) ? WEXITSTATUS(done.wait_status) : EX_OSERR;
        if (status == 0)
            return true;
        if (done.errors.find(not_eligible) != std::string::npos)
            return false;
        throw tool_error(std::string(last_line(done.errors)),
                         done.errors.find(not_allowed) != std::string::npos ? EX_NOPERM : status);
    }

    queue_context& queue_;
    const send_options& options_;
    listed_places listed_;
    std::deque<mail_selection> selections_; // to which what was found refers
    target_list targets_;
};

} // namespace

int send_with_postqueue(queue_context& queue, const send_options& options) {
    refuse_options(queue, options);
    if (options.dry_run) {
        std::vector<mail_selection> selections{options.whole_selection()};
        const auto found = chosen_sender(queue, options).find(selections);
        print_choice(found.front(), options.how.json);
        return 0;
    }
    return postqueue_sender(queue, options).run();
}

} // namespace flushd::tool
