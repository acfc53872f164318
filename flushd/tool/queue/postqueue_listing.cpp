#include "flushd/tool/queue/postqueue_listing.hpp"

#include "flushd/tool/queue/site_names.hpp"
#include "flushd/tool/screen/last_line.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/bounce_log.hpp"
#include "postfix_proto/brace_syntax.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sysexits.h>

#include <sys/wait.h>

#include <deque>
#include <utility>

namespace flushd::tool {

using nlohmann::json;

namespace {

queue_files::place place_of(std::string_view queue) {
    using place = queue_files::place;
    if (queue == "deferred")
        return place::deferred;
    if (queue == "active")
        return place::active;
    if (queue == "incoming" || queue == "maildrop")
        return place::incoming;
    return queue == "hold" ? place::hold : place::nowhere;
}

/// The text of a member; empty if there is none. Valid as long as the object.
std::string_view text_of(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string()
               ? std::string_view(found->get_ref<const std::string&>())
               : std::string_view();
}

// What postqueue(1) says of a user whom authorized_mailq_users leaves out.
constexpr std::string_view not_allowed = "is not allowed to view the mail queue";

std::int64_t number_of(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

} // namespace

bool visit_listed_message(const std::string& line,
                          const std::function<void(const waiting_message&)>& visit) {
    const auto listed = json::parse(line, nullptr, false);
    if (!listed.is_object())
        return false;
    auto id = postfix_proto::queue_id::parse(text_of(listed, "queue_id"));
    if (!id)
        return false;
    waiting_message message(*std::move(id));
    message.where = place_of(text_of(listed, "queue_name"));
    message.size = number_of(listed, "message_size");
    message.arrival = static_cast<std::time_t>(number_of(listed, "arrival_time"));
    message.sender = text_of(listed, "sender");
    if (message.sender == "MAILER-DAEMON") // empty_address_recipient stands for the null sender
        message.sender = {};
    if (const auto recipients = listed.find("recipients");
        recipients != listed.end() && recipients->is_array())
        for (const auto& one : *recipients) {
            // Of one that has been returned already there is a bounce_reason (Postfix 3.11).
            if (!one.is_object() || one.contains("bounce_reason"))
                continue;
            auto& added = message.recipients.emplace_back();
            added.address = text_of(one, "address");
            added.domain = domain_of(added.address);
            added.reason = text_of(one, "delay_reason");
            added.host = postfix_proto::host_in_reason(added.reason);
        }
    visit(message);
    return true;
}

survey_result list_with_postqueue(const instance& postfix,
                                  const std::function<void(const waiting_message&)>& visit) {
    survey_result result;
    result.from_postqueue = true;
    const auto done = postfix.run("postqueue", {"-j"});
    if (done.errors.find(not_allowed) != std::string::npos)
        throw tool_error(std::string(last_line(done.errors)), EX_NOPERM);
    if (!WIFEXITED(done.wait_status) || WEXITSTATUS(done.wait_status) != 0)
        throw tool_error(fmt::format("postqueue failed: {}", last_line(done.errors)));
    for (std::string_view rest = done.output; !rest.empty();) {
        const std::string line(postfix_proto::take_line(rest));
        if (visit_listed_message(line, visit))
            ++result.messages;
        else if (!line.empty())
            ++result.damaged;
    }
    return result;
}

} // namespace flushd::tool
