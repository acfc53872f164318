#include "flushd/tool/queue/queue_survey.hpp"

#include "flushd/core/directory_walk.hpp"
#include "flushd/tool/postfix/foreign_file.hpp"
#include "flushd/tool/queue/postqueue_listing.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/bounce_log.hpp"
#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_io.hpp"
#include "postfix_proto/queue_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

namespace flushd::tool {

namespace queue_name = postfix_proto::queue_name;
using postfix_proto::bounce_log_entry;
using postfix_proto::envelope_recipient;
using postfix_proto::file_descriptor;
using postfix_proto::queue_id;

namespace {

constexpr int reading = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;

// More than this is left of a logfile that has thousands of recipients; they have no reason then.
constexpr std::size_t longest_log = std::size_t{1} << 20U;
// Usually all is in the first read; read_at() clears as much as it is asked for.
constexpr std::size_t first_read = 2048;

// Of a queue whose files are spread over several levels.
constexpr std::size_t most_open_directories = 300;

/// Opens files of a hashed queue, and keeps their directories open.
class queue_directories {
public:
    queue_directories(const postfix_proto::queue_layout& layout, std::string_view queue)
        : layout_(layout), queue_(queue) {}

    [[nodiscard]] file_descriptor open(const queue_id& id) {
        const auto path = layout_.path(queue_, id);
        const auto name = path.rfind('/');
        const auto& directory = directory_of(path.substr(0, name));
        return directory ? postfix_proto::open_without_trace(directory.get(),
                                                             path.c_str() + name + 1, reading)
                         : file_descriptor();
    }

private:
    const file_descriptor& directory_of(const std::string& path) {
        if (const auto known = open_.find(path); known != open_.end())
            return known->second;
        if (open_.size() >= most_open_directories)
            open_.clear();
        return open_.emplace(path, open_foreign_directory(foreign_path::in_queue(path)))
            .first->second;
    }

    const postfix_proto::queue_layout& layout_;
    std::string_view queue_;
    std::map<std::string, file_descriptor> open_;
};

class file_survey {
public:
    file_survey(const postfix_proto::queue_layout& layout,
                const std::function<void(const waiting_message&)>& visit)
        : visit_(visit), defer_logs_(layout, "defer") {}

    /// Returns why the directory cannot be read.
    [[nodiscard]] std::error_code visit_queue(std::string_view queue, queue_files::place where) {
        const std::string top(queue);
        directory_walk walk;
        const auto enter = [&](const std::string& name) {
            auto opened = open_foreign_directory({top, name});
            return opened ? walk.enter(name, std::move(opened)) : postfix_proto::last_error();
        };
        if (const auto failure = enter({}))
            return failure;
        while (!walk.is_done()) {
            const auto next = walk.next();
            if (!next || !*next)
                continue;
            const auto& [path, name, directory] = **next;
            if (may_be_hash_directory(name))
                static_cast<void>(enter(path));
            else if (auto id = queue_id::parse(name))
                visit_file(*std::move(id), where, directory);
        }
        return {};
    }

    survey_result result;

private:
    void visit_file(queue_id id, queue_files::place where, int directory);
    void add_recipients(waiting_message& message);
    void read_defer_log(const queue_id& id);
    [[nodiscard]] const bounce_log_entry* entry_of(const envelope_recipient& recipient) const;

    const std::function<void(const waiting_message&)>& visit_;
    queue_directories defer_logs_;
    postfix_proto::queue_file_reader reader_;
    postfix_proto::queue_file_envelope envelope_;
    std::string log_text_;
    std::vector<bounce_log_entry> entries_;
    std::unordered_map<off_t, std::size_t> entry_at_; // by offset of the recipient's record
};

void file_survey::visit_file(queue_id id, queue_files::place where, int directory) {
    const auto file = postfix_proto::open_without_trace(directory, id.str().c_str(), reading);
    struct stat status {};
    // A file that is still being written has not all of these permissions (mail_queue.h).
    if (!file || ::fstat(file.get(), &status) < 0 || !S_ISREG(status.st_mode) ||
        (status.st_mode & S_IRWXU) != S_IRWXU)
        return;
    waiting_message message(std::move(id));
    const bool is_damaged = static_cast<bool>(reader_.read(file.get(), envelope_));
    message.where = where;
    message.size = envelope_.size;
    message.arrival = envelope_.arrival_time > 0 ? envelope_.arrival_time : status.st_mtim.tv_sec;
    if (where == queue_files::place::deferred)
        message.due = status.st_mtim.tv_sec;
    message.sender = envelope_.sender;
    message.content_filter = envelope_.content_filter;
    read_defer_log(message.id);
    add_recipients(message);
    ++result.messages;
    result.damaged += is_damaged ? 1 : 0;
    visit_(message);
}

void file_survey::read_defer_log(const queue_id& id) {
    log_text_.clear();
    entries_.clear();
    entry_at_.clear();
    const auto file = defer_logs_.open(id);
    if (!file || postfix_proto::read_at(file.get(), 0, first_read, log_text_))
        return;
    if (log_text_.size() == first_read &&
        postfix_proto::read_at(file.get(), first_read, longest_log - first_read, log_text_))
        return;
    std::string_view rest = log_text_;
    while (const auto entry = postfix_proto::take_bounce_log_entry(rest))
        entries_.push_back(*entry);
    if (entries_.size() == 1)
        return;
    for (std::size_t i = 0; i < entries_.size(); ++i)
        entry_at_[entries_[i].offset] = i; // the last attempt counts
}

/// Null if there is none.
const bounce_log_entry* file_survey::entry_of(const envelope_recipient& recipient) const {
    if (entries_.size() == 1)
        return entries_[0].offset == recipient.offset || entries_[0].recipient == recipient.address
                   ? entries_.data()
                   : nullptr;
    const auto found = entry_at_.find(recipient.offset);
    return found != entry_at_.end() ? &entries_[found->second] : nullptr;
}

void file_survey::add_recipients(waiting_message& message) {
    message.recipients.reserve(envelope_.recipients.size());
    for (const auto& recipient : envelope_.recipients) {
        auto& added = message.recipients.emplace_back();
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

} // namespace

bool may_read_queue() {
    const std::string deferred(queue_name::deferred);
    return ::access(deferred.c_str(), R_OK | X_OK) == 0 || errno != EACCES;
}

survey_result survey_queue(const queue_context& queue,
                           const std::function<void(const waiting_message&)>& visit) {
    if (!may_read_queue())
        return list_with_postqueue(queue.postfix(), visit);
    file_survey survey(queue.layout(), visit);
    // Deferred last: it takes longest, and what is deferred again meanwhile is still found.
    using place = queue_files::place;
    constexpr std::array<std::pair<std::string_view, place>, 4> queues = {
        {{queue_name::incoming, place::incoming},
         {queue_name::active, place::active},
         {queue_name::hold, place::hold},
         {queue_name::deferred, place::deferred}}};
    for (const auto& [name, where] : queues) {
        const auto failure = survey.visit_queue(name, where);
        if (failure == std::errc::no_such_file_or_directory)
            throw tool_error(fmt::format("there is no {}/{}: `postfix start` creates it",
                                         queue.postfix().queue_directory(), name));
        if (failure)
            throw tool_error(fmt::format("cannot read {}/{}: {}", queue.postfix().queue_directory(),
                                         name, failure.message()),
                             EX_IOERR);
    }
    return survey.result;
}

} // namespace flushd::tool
