/// Prints what came of a send as JSON; flushd(1) describes the objects.
#pragma once

#include "flushd/tool/send/etrn_request.hpp"
#include "flushd/tool/send/verdict.hpp"

#include <string>

namespace flushd::tool {

/// One line, with a newline: {"event":"progress",...}.
[[nodiscard]] std::string progress_line(const message_watch::counts& all,
                                        std::chrono::milliseconds elapsed);

/// One line, with a newline: {"event":"result",...}.
[[nodiscard]] std::string result_line(const verdict& all);

/// One line, with a newline: {"event":"host",...}, what another host has answered.
[[nodiscard]] std::string host_line(const std::string& host, const std::string& site,
                                    const etrn_answer& answer);

/// One line, with a newline: {"event":"hosts",...}, what all of them have.
[[nodiscard]] std::string hosts_line(const std::string& summary, int exit_status);

} // namespace flushd::tool
