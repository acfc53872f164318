/// Describes one queued message, as a survey of the queue finds it.
#pragma once

#include "flushd/tool/queue/queue_files.hpp"

#include "postfix_proto/queue_id.hpp"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// A recipient to whom a queued message is still to be delivered. What other users have written is
/// passed on as it is: use printable() for a terminal.
struct waiting_recipient {
    std::string_view address;
    std::string_view domain; ///< after the last `@`, as it is written; empty if there is none
    // Of the last attempt; empty before the first one.
    std::string_view status; ///< such as 4.4.1; empty if postqueue(1) was asked
    std::string_view reason;
    std::string_view host; ///< the server that gave the answer, or that could not be reached
};

/// The texts are valid only while the message is being visited.
struct waiting_message {
    explicit waiting_message(postfix_proto::queue_id queue_id) : id(std::move(queue_id)) {}

    postfix_proto::queue_id id;
    queue_files::place where = queue_files::place::nowhere;
    std::int64_t size = 0; ///< of the content, in bytes
    std::time_t arrival = 0;
    /// The next attempt of a deferred message is not before this time. Nothing if that is not
    /// known, or it is not deferred.
    std::optional<std::time_t> due{};
    std::string_view sender;         ///< empty for a message of the mail system
    std::string_view content_filter; ///< TRANSPORT:NEXTHOP; usually empty
    /// Those that are left. Empty when the file could not be read to its end.
    std::vector<waiting_recipient> recipients{};
};

} // namespace flushd::tool
