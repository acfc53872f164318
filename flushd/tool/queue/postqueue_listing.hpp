/// Lists the queue with postqueue(1), for users who may not read the queue files.
#pragma once

#include "flushd/tool/postfix/instance.hpp"
#include "flushd/tool/queue/queue_survey.hpp"

#include <functional>
#include <string>

namespace flushd::tool {

/// Calls `visit` for each message that `postqueue -j` lists. Throws tool_error with its message
/// when it fails: the user is not in authorized_mailq_users, or the mail system is down.
survey_result list_with_postqueue(const instance& postfix,
                                  const std::function<void(const waiting_message&)>& visit);

/// The same for one line of its output. False if that is not a message.
bool visit_listed_message(const std::string& line,
                          const std::function<void(const waiting_message&)>& visit);

} // namespace flushd::tool
