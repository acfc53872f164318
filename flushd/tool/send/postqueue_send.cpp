#include "flushd/tool/send/postqueue_send.hpp"

#include "flushd/tool/screen/counted.hpp"
#include "flushd/tool/screen/tool_error.hpp"
#include "flushd/tool/send/chosen_mail.hpp"
#include "flushd/tool/send/chosen_send.hpp"

#include <fmt/format.h>

#include <sys/wait.h>

#include <cstdio>
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
    const char* const used = paced.when_up                                ? "--when-up"
                             : paced.interval.count() > 0                 ? "--rate"
                             : paced.first > 0                            ? "--first"
                             : options.release                            ? "--release"
                             : options.wait && options.how.notify.empty() ? "--wait"
                             : options.wait                               ? "--notify"
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
        if (options_.chooses())
            choose();
        else if (options_.all)
            send_all();
        else
            send_named();
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
        send_messages(selected_name, found.front());
    }

    void send_all() {
        const std::vector<mail_selection> selections(1);
        for (const auto& one : find(selections).front().destinations())
            if (one.deferred > 0 && !one.domain.empty() && ask("-s", one.domain))
                told(one.domain, 0, "requested");
    }

    void send_named() {
        for (const auto& text : options_.ids) {
            if (!postfix_proto::queue_id::parse(text))
                throw tool_error(fmt::format("not a queue ID: {}", text), EX_USAGE);
            static_cast<void>(ask("-i", text));
            told(text, 1, "requested");
        }
        for (const auto& site : options_.sites) {
            if (ask("-s", site)) {
                told(site, 0, "requested");
                continue;
            }
            mail_selection of_site;
            static_cast<void>(of_site.add(mail_selection::kind::site, site));
            const std::vector<mail_selection> selections{of_site};
            send_messages(site, find(selections).front());
        }
    }

    [[nodiscard]] std::vector<chosen_mail> find(const std::vector<mail_selection>& selections) {
        std::vector<const mail_selection*> addresses;
        for (const auto& one : selections)
            addresses.push_back(&one);
        return choose_mail(queue_, addresses);
    }

    void send_messages(const std::string& name, const chosen_mail& mail) {
        const auto ids = mail.in_turn();
        for (const auto& id : ids)
            static_cast<void>(ask("-i", id.str()));
        told(name, ids.size(),
             ids.empty()
                 ? "no mail to send"
                 : "requested for " + counted(ids.size(), "message") + " found in the queue");
    }

    void told(const std::string& name, std::size_t messages, const std::string& what) {
        auto one = std::make_unique<send_target>(name, queue_.files());
        one->listed = messages;
        targets_.push_back(std::move(one));
        if (!options_.how.json)
            fmt::print("{}: {}\n", name, what);
    }

    /// False if the site is not eligible.
    bool ask(const std::string& option, const std::string& value) {
        const auto done = queue_.postfix().run("postqueue", {option, value});
        const int status = WIFEXITED(done.wait_status) ? WEXITSTATUS(done.wait_status) : EX_OSERR;
        if (status == 0)
            return true;
        if (done.errors.find(not_eligible) != std::string::npos)
            return false;
        auto reason = std::string_view(done.errors);
        while (reason.ends_with('\n'))
            reason.remove_suffix(1);
        throw tool_error(std::string(reason.substr(reason.rfind('\n') + 1)),
                         reason.find(not_allowed) != std::string_view::npos ? EX_NOPERM : status);
    }

    queue_context& queue_;
    const send_options& options_;
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
