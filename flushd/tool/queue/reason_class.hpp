/// Sorts the reasons for which mail waits into a few classes.
#pragma once

#include <cstddef>
#include <string_view>

namespace flushd::tool {

/// Why mail waits, in the words of an operator. The order is that of a list.
enum class reason_class : std::size_t {
    connection_refused, ///< nobody listens
    timeout,            ///< no connection, or no answer, in time
    unreachable,        ///< no route to the host or its network
    connection_lost,    ///< in the middle of a conversation
    dns,                ///< the name service gave no answer, or none that helps
    tls,                ///< no secure channel where one is required, or not the right one
    greylisted,         ///< the server wants to see the message again
    rate_limited,       ///< the server wants fewer messages or connections
    mailbox_full,       ///< the recipient's
    rejected,           ///< any other temporary refusal of the server
    local,              ///< this mail system's own: a table, a program, the disk
    not_tried,          ///< no attempt yet, or defer_transports
    other
};
inline constexpr std::size_t reason_class_count = static_cast<std::size_t>(reason_class::other) + 1;

/// Such as "connection refused": lower case, with a blank between words.
[[nodiscard]] std::string_view name_of(reason_class which) noexcept;

/// Classifies what bounce(8) or showq(8) says of a recipient: the status, such as 4.4.1, which may
/// be empty, and the text. Texts are those of Postfix 3.5 to 3.11 (smtp_connect.c, smtp_trouble.c,
/// smtp_addr.c, smtp_proto.c, qmgr_deliver.c) and usual ones of servers, which are a guess. An
/// empty text is `not_tried`.
[[nodiscard]] reason_class classify_reason(std::string_view status, std::string_view reason);

} // namespace flushd::tool
