#include "flushd/tool/command.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/queue/listed_sites.hpp"
#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/queue/queue_survey.hpp"
#include "flushd/tool/queue/send_records.hpp"
#include "flushd/tool/screen/tool_error.hpp"
#include "flushd/tool/send/chosen_mail.hpp"
#include "flushd/tool/send/delivery_wait.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace flushd::tool {

namespace {

struct options_of_wait {
    std::vector<std::string> sites, ids;
    wait_options how;
};

std::unique_ptr<send_target> site_target(queue_context& queue, const std::string& name) {
    auto one = std::make_unique<send_target>(name, queue.files());
    one->file = queue.logfile_of(name);
    // What is listed is under way only if the service is sending it.
    if (recorded_send(queue.postfix(), *one->file) == send_state::none)
        return one;
    for (const auto& site : read_listed_sites(queue.layout(), std::set<logfile_name>{*one->file}))
        for (const auto& id : site.ids)
            one->messages.add(id);
    return one;
}

postfix_proto::queue_id parse_id(const std::string& text) {
    auto id = postfix_proto::queue_id::parse(text);
    if (!id)
        throw tool_error(fmt::format("not a queue ID: {}", text), EX_USAGE);
    return *std::move(id);
}

std::unique_ptr<send_target> message_target(queue_context& queue, const std::string& text) {
    auto id = parse_id(text);
    auto one = std::make_unique<send_target>(text, queue.files());
    if (const auto where = queue.files().find(id).where;
        where == queue_files::place::incoming || where == queue_files::place::active)
        one->messages.add(id);
    one->id = std::move(id);
    return one;
}

/// For a user who may not read the queue: what the queue manager has, as postqueue(1) lists it.
int wait_with_postqueue(queue_context& queue, const options_of_wait& options) {
    listed_places listed;
    listed.read(queue.postfix());
    delivery_wait waiting(queue, options.how, listed);
    std::vector<mail_selection> selections(options.sites.size());
    std::vector<const mail_selection*> addresses;
    for (std::size_t i = 0; i < selections.size(); ++i) {
        static_cast<void>(selections[i].add(mail_selection::kind::site, options.sites[i]));
        addresses.push_back(&selections[i]);
    }
    target_list targets;
    const auto found = choose_mail(queue, addresses);
    for (std::size_t i = 0; i < found.size(); ++i) {
        targets.push_back(std::make_unique<send_target>(options.sites[i], listed.finder()));
        for (const auto& id : found[i].moving())
            targets.back()->messages.add(id);
    }
    for (const auto& text : options.ids) {
        auto one = std::make_unique<send_target>(text, listed.finder());
        one->id = parse_id(text);
        if (const auto where = listed.find(*one->id).where;
            where == queue_files::place::incoming || where == queue_files::place::active)
            one->messages.add(*one->id);
        targets.push_back(std::move(one));
    }
    return waiting.run(targets);
}

void run(const global_options& global, options_of_wait& options) {
    if (options.sites.empty() && options.ids.empty())
        throw tool_error("specify SITE... or --id ID", EX_USAGE);
    options.how.remember_directory();
    queue_context queue(enter_queue_directory(global.config_directory));
    if (!may_read_queue()) {
        if (const int status = wait_with_postqueue(queue, options); status != 0)
            throw exit_request(status);
        return;
    }
    delivery_wait waiting(queue, options.how);
    target_list targets;
    for (const auto& name : options.sites)
        targets.push_back(site_target(queue, name));
    for (const auto& text : options.ids)
        targets.push_back(message_target(queue, text));
    waiting.add_mail_on_its_way(targets);
    if (const int status = waiting.run(targets); status != 0)
        throw exit_request(status);
}

} // namespace

void add_wait(CLI::App& app, const global_options& global) {
    auto options = std::make_shared<options_of_wait>();
    command_options command(app, "wait", "Wait for mail that is being sent");
    command.footer("TIME is a number with a unit: 90s, 30m, 2h or 3d.\n"
                   "Waits for mail of these destinations that the queue manager or a send has "
                   "already, and requests nothing. The report and the exit status are those of "
                   "`flushd send --wait`.");
    command.arguments("SITE", options->sites, "Wait for the mail of these destinations");
    command.texts({"--id", "Wait for this message; may be repeated", "Selection"}, "ID",
                  options->ids);
    options->how.add_to(command);
    command.action([options, &global] { run(global, *options); });
}

} // namespace flushd::tool
