#include "flushd/tool/queue/queue_survey.hpp"

#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/queue/postqueue_listing.hpp"
#include "flushd/tool/queue/queue_readers.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/bounce_log.hpp"
#include "postfix_proto/queue_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <unordered_map>
#include <vector>

namespace flushd::tool {

namespace queue_name = postfix_proto::queue_name;
using postfix_proto::bounce_log_entry;
using postfix_proto::envelope_recipient;
using postfix_proto::queue_id;
using place = queue_files::place;

namespace {

/// Turns what was read into what is visited.
class message_view {
public:
    /// The result is valid until the next call, and as long as `read` is not changed.
    [[nodiscard]] const waiting_message& of(const read_message& read) {
        take_entries(read.defer_log);
        const auto& envelope = read.envelope;
        message_.id = *read.id;
        message_.where = read.where;
        message_.size = envelope.size;
        message_.arrival = envelope.arrival_time > 0 ? envelope.arrival_time : read.changed;
        message_.due.reset();
        if (read.where == place::deferred)
            message_.due = read.changed;
        message_.sender = envelope.sender;
        message_.content_filter = envelope.content_filter;
        add_recipients(envelope);
        return message_;
    }

private:
    void take_entries(std::string_view log);
    void add_recipients(const postfix_proto::queue_file_envelope& envelope);
    [[nodiscard]] const bounce_log_entry* entry_of(const envelope_recipient& recipient) const;

    waiting_message message_{*queue_id::parse("0")};
    std::vector<bounce_log_entry> entries_;
    std::unordered_map<off_t, std::size_t> entry_at_; // by offset of the recipient's record
};

void message_view::take_entries(std::string_view log) {
    entries_.clear();
    entry_at_.clear();
    while (const auto entry = postfix_proto::take_bounce_log_entry(log))
        entries_.push_back(*entry);
    if (entries_.size() == 1)
        return;
    for (std::size_t i = 0; i < entries_.size(); ++i)
        entry_at_[entries_[i].offset] = i; // the last attempt counts
}

/// Null if there is none.
const bounce_log_entry* message_view::entry_of(const envelope_recipient& recipient) const {
    if (entries_.size() == 1)
        return entries_[0].offset == recipient.offset || entries_[0].recipient == recipient.address
                   ? entries_.data()
                   : nullptr;
    const auto found = entry_at_.find(recipient.offset);
    return found != entry_at_.end() ? &entries_[found->second] : nullptr;
}

void message_view::add_recipients(const postfix_proto::queue_file_envelope& envelope) {
    message_.recipients.clear();
    for (const auto& recipient : envelope.recipients) {
        auto& added = message_.recipients.emplace_back();
        added.address = recipient.address;
        added.domain = domain_of(recipient.address);
        const auto* const entry = entry_of(recipient);
        if (entry == nullptr)
            continue;
        added.status = entry->status;
        added.reason = entry->reason;
        added.host =
            entry->host.empty() ? postfix_proto::host_in_reason(entry->reason) : entry->host;
    }
}

[[noreturn]] void refuse(const instance& postfix, const queue_readers::failure& failed) {
    const auto& queue_directory = postfix.queue_directory();
    if (failed.reason == std::errc::no_such_file_or_directory)
        throw tool_error(fmt::format("there is no {}/{}: `{}` creates it", queue_directory,
                                     failed.queue, postfix_command(postfix, "postfix", "start")));
    throw tool_error(fmt::format("cannot read {}/{}: {}", queue_directory, failed.queue,
                                 failed.reason.message()),
                     EX_IOERR);
}

/// Adds to `result`.
void read_queues(const queue_context& queue, const std::vector<queue_readers::queue>& queues,
                 const std::function<void(const waiting_message&)>& visit, survey_result& result) {
    queue_readers readers(queue.layout(), queues);
    message_view view;
    for (queue_readers::batch messages; readers.next(messages);) {
        for (std::size_t i = 0; i < messages.size; ++i) {
            ++result.messages;
            result.damaged += messages.messages[i].is_damaged ? 1 : 0;
            visit(view.of(messages.messages[i]));
        }
    }
    if (const auto& failed = readers.unreadable())
        refuse(queue.postfix(), *failed);
}

} // namespace

bool may_read_queue() {
    const std::string deferred(queue_name::deferred);
    return ::access(deferred.c_str(), R_OK | X_OK) == 0 || errno != EACCES;
}

survey_result survey_queue(const queue_context& queue,
                           const std::function<void(const waiting_message&)>& visit) {
    if (!may_read_queue())
        return list_with_postqueue(queue.postfix(), visit);
    survey_result result;
    // Deferred last: it takes longest, and what is deferred again meanwhile is still found.
    read_queues(queue,
                {{queue_name::incoming, place::incoming},
                 {queue_name::active, place::active},
                 {queue_name::hold, place::hold},
                 {queue_name::deferred, place::deferred}},
                visit, result);
    return result;
}

survey_result survey_mail_on_its_way(const queue_context& queue,
                                     const std::function<void(const waiting_message&)>& visit) {
    const auto visit_moving = [&](const waiting_message& message) {
        if (message.where == place::incoming || message.where == place::active)
            visit(message);
    };
    if (!may_read_queue())
        return list_with_postqueue(queue.postfix(), visit_moving);
    survey_result result;
    read_queues(queue, {{queue_name::incoming, place::incoming}}, visit, result);
    read_queues(queue, {{queue_name::active, place::active}}, visit, result);
    return result;
}

} // namespace flushd::tool
