/// Waits for delivery and reports it, for `flushd send --wait`.
#pragma once

#include "flushd/core/logfile_name.hpp"
#include "flushd/tool/queue/queue_context.hpp"
#include "flushd/tool/send/message_watch.hpp"

#include "postfix_proto/queue_id.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace flushd::tool {

/// A destination or a message whose delivery is requested.
struct send_target {
    send_target(std::string text, const queue_files& files)
        : name(std::move(text)), messages(files) {}

    std::string name;                  // for a person
    std::optional<logfile_name> file;  // of a destination
    std::vector<std::string> asked_as; // names to try until the service accepts one
    std::optional<postfix_proto::queue_id> id;
    std::size_t listed = 0;
    bool refused = false; // and the reason has been printed
    message_watch messages;
    std::string reason; // why some were deferred again
};

/// Follows the messages of all targets that were not refused until each message has been tried or
/// time is up, with a progress bar on a terminal, and prints a line for each target. Returns the
/// exit status: 0 if all messages have left the queue, EX_TEMPFAIL if some were deferred again or
/// are on hold, or if `limit` has passed since `begin`.
[[nodiscard]] int wait_for_delivery(queue_context& queue,
                                    const std::vector<std::unique_ptr<send_target>>& targets,
                                    std::chrono::steady_clock::time_point begin,
                                    std::chrono::seconds limit);

} // namespace flushd::tool
