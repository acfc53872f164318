#include "flushd/tool/send/chosen_send.hpp"

#include "flushd/core/address_text.hpp"
#include "flushd/tool/postfix/daemon_file.hpp"
#include "flushd/tool/postfix/master_cf.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/queue/recipient_transports.hpp"
#include "flushd/tool/queue/selection_file.hpp"
#include "flushd/tool/queue/send_records.hpp"
#include "flushd/tool/screen/counted.hpp"
#include "flushd/tool/screen/tool_error.hpp"
#include "flushd/tool/send/mx_hosts.hpp"

#include "postfix_proto/flush_client.hpp"

#include <fmt/format.h>

#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <utility>

namespace flushd::tool {

using postfix_proto::queue_id;
using kind = mail_selection::kind;

namespace {

// Arguments of one postsuper(1).
constexpr std::size_t most_ids_at_once = 500;

std::vector<const mail_selection*> addresses_of(const std::vector<mail_selection>& all) {
    std::vector<const mail_selection*> result;
    for (const auto& one : all)
        result.push_back(&one);
    return result;
}

/// Looks up the hosts of all domains that the other criteria leave.
void look_up_mx(const queue_context& queue, mail_selection& selection) {
    std::vector<std::string> domains;
    for (const auto& one : choose_mail(queue, {&selection}).front().destinations())
        domains.push_back(one.domain);
    auto answers = find_mx_hosts(domains);
    if (answers.unknown > 0)
        fmt::print(stderr, "flushd: {} could not be looked up; their mail is left out\n",
                   counted(answers.unknown, "domain"));
    selection.ask([hosts = std::move(answers.hosts),
                   &selection](kind what, const waiting_recipient& one, bool is_excluded) {
        const auto found = hosts.find(lower_case(one.domain));
        if (found == hosts.end())
            return is_excluded; // left out, either way
        return std::any_of(found->second.begin(), found->second.end(), [&](const auto& host) {
            return selection.fulfils(what, host, is_excluded);
        });
    });
}

/// Of each recipient that fulfils the other criteria.
void ask_for_transports(mail_selection& selection) {
    const auto before = selection.asked();
    selection.ask([all = std::make_shared<recipient_transports>(), before,
                   &selection](kind what, const waiting_recipient& one, bool is_excluded) {
        return what == kind::transport ? selection.fulfils(what, all->of(one.address), is_excluded)
                                       : before(what, one, is_excluded);
    });
}

} // namespace

std::vector<chosen_mail> chosen_sender::find(std::vector<mail_selection>& selections) {
    for (auto& one : selections) {
        if (one.has(kind::mx))
            look_up_mx(queue_, one);
        if (one.has(kind::transport))
            ask_for_transports(one);
    }
    return choose_mail(queue_, addresses_of(selections));
}

chosen_send chosen_sender::prepare(const std::string& name, chosen_mail& mail) {
    if (options_.release && mail.held() > 0)
        release(mail);
    chosen_send result;
    result.target = std::make_unique<send_target>(name, queue_.files());
    result.target->is_mixed = name == selected_name;
    result.ids = mail.in_turn();
    result.target->listed = result.ids.size();
    if (options_.wait)
        for (const auto& ids : {mail.moving(), result.ids, mail.held_ids()})
            for (const auto& id : ids)
                result.target->messages.add(id);
    else if (mail.held() > 0 && !options_.how.json)
        fmt::print("{}: {} on hold, and not sent: --release releases first\n", name,
                   mail.held() == 1 ? "1 message is" : fmt::format("{} messages are", mail.held()));
    return result;
}

chosen_send chosen_sender::prepare(const std::vector<std::string>& ids) {
    using place = queue_files::place;
    chosen_send result;
    result.target = std::make_unique<send_target>(selected_name, queue_.files());
    result.target->is_mixed = true;
    result.site = selection_site(fmt::format("id={}", counted(ids.size(), "ID")));
    std::replace(result.site.begin(), result.site.end(), ' ', '_');
    std::size_t held = 0, missing = 0;
    for (const auto& text : ids) {
        auto id = queue_id::parse(text);
        if (!id)
            throw tool_error(fmt::format("not a queue ID: {}", text), EX_USAGE);
        const auto where = queue_.files().find(*id).where;
        held += where == place::hold ? 1 : 0;
        missing += where == place::nowhere ? 1 : 0;
        if (options_.wait)
            result.target->messages.add(*id);
        if (where == place::deferred)
            result.ids.push_back(*std::move(id));
    }
    result.target->listed = result.ids.size();
    if (missing > 0)
        fmt::print(stderr, "flushd: {} not queued\n",
                   missing == 1 ? "1 message is" : fmt::format("{} messages are", missing));
    if (held > 0)
        fmt::print(stderr, "flushd: {} on hold, and not sent: --release releases first\n",
                   held == 1 ? "1 message is" : fmt::format("{} messages are", held));
    return result;
}

void chosen_sender::release(chosen_mail& mail) {
    const auto ids = mail.release();
    for (std::size_t i = 0; i < ids.size(); i += most_ids_at_once) {
        std::vector<std::string> arguments;
        for (auto k = i; k < std::min(ids.size(), i + most_ids_at_once); ++k) {
            arguments.emplace_back("-H");
            arguments.push_back(ids[k].str());
        }
        static_cast<void>(queue_.postfix().run_checked("postsuper", arguments));
    }
}

bool chosen_sender::is_served_by_us() {
    if (!is_ours_) {
        const auto service =
            find_service(queue_.postfix(), flush_service_entry_name(queue_.postfix()));
        is_ours_ = service && service->program() == our_program;
    }
    return *is_ours_;
}

void chosen_sender::ask(chosen_send& one) {
    auto& target = *one.target;
    if (one.ids.empty()) {
        if (!options_.how.json && !options_.wait)
            fmt::print("{}: no mail to send\n", target.name);
        target.refused = options_.paced.waits();
        return;
    }
    if (is_served_by_us()) {
        target.file = write_selection(queue_, one.ids);
        try {
            send_records(queue_.postfix())
                .ask(*target.file, one.site, options_.paced.pace(std::time(nullptr)));
        } catch (...) {
            remove_selection(queue_, *target.file);
            throw;
        }
    } else if (options_.paced.are_used()) {
        throw tool_error(
            fmt::format("--when-up, --rate and --first need flushd as the flush service; `{}` "
                        "tells whether it is",
                        postfix_command(queue_.postfix(), "flushd", "check")));
    } else {
        send_each(one);
    }
    tell(one);
}

void chosen_sender::tell(const chosen_send& one) const {
    if (options_.how.json)
        return;
    if (options_.paced.are_used())
        tell_paced(queue_, options_.paced, *one.target,
                   name_of({*one.target->file, one.site, {}, 0}), one.text);
    else if (!options_.wait)
        fmt::print("{}: sending {}{}\n", one.target->name, counted(one.ids.size(), "message"),
                   one.text);
    std::fflush(stdout);
}

/// Of stock flush(8).
void chosen_sender::send_each(const chosen_send& one) {
    const auto settings = queue_.flush_settings(options_.how.limit);
    for (const auto& id : one.ids) {
        const auto answer = ask_flush(postfix_proto::send_file_request{id}, settings);
        if (answer.outcome != postfix_proto::flush_outcome::ok)
            throw tool_error(answer.text);
    }
}

} // namespace flushd::tool
