/// Goes through all queued mail.
#pragma once

#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/queue/waiting_message.hpp"

#include <cstddef>
#include <functional>

namespace flushd::tool {

/// What a survey has come upon.
struct survey_result {
    std::size_t messages = 0; ///< that were visited
    std::size_t damaged = 0;  ///< of these: files that could not be read to the end
    bool from_postqueue =
        false; ///< status and due time are not known, nor recipients' quotes undone
};

/// Calls `visit` for each message in deferred, hold, incoming and active that is ready for
/// delivery; if the working directory is $queue_directory. Memory does not grow with the queue.
///
/// Reads the queue files and the logfiles of bounce(8) directly, without locks, and without
/// changing an access time where that is permitted; so it works while Postfix is stopped. A user
/// who may not read them gets what postqueue(1), which has more rights, lists for
/// authorized_mailq_users.
///
/// The queue changes meanwhile: a message that moves may be visited twice, or not at all. Throws
/// tool_error when the queue cannot be read at all.
survey_result survey_queue(const queue_context& queue,
                           const std::function<void(const waiting_message&)>& visit);

/// The same for what the queue manager has, or is about to take: the messages in incoming and
/// active, in this order, so that one that moves meanwhile is not missed.
survey_result survey_mail_on_its_way(const queue_context& queue,
                                     const std::function<void(const waiting_message&)>& visit);

/// Whether the user may read the queue files; else a survey asks postqueue(1).
[[nodiscard]] bool may_read_queue();

} // namespace flushd::tool
