/// Reads the logfiles of bounce(8): why a message was deferred or returned.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

namespace postfix_proto {

/// What a logfile in `defer`, `bounce` or `trace` says of one recipient. All texts are parts of the
/// text that it was taken from, as the delivery agent has given them: they may hold any byte but a
/// newline, so use printable() for a terminal. Empty where the entry has none.
struct bounce_log_entry {
    std::string_view recipient; ///< quoted as in a header; "<>" or empty for the mail system
    std::string_view original_recipient; ///< if it was rewritten
    off_t offset = 0;        ///< of the recipient's record in the queue file; 0 if not known
    std::string_view status; ///< RFC 3463, such as 4.4.1
    std::string_view action; ///< such as "delayed"
    std::string_view reason; ///< text for a person
    std::string_view host;   ///< the server that gave the answer, as a name
};

/// Removes the next entry from the front of the text of a logfile: lines of `name=value` up to an
/// empty line, perhaps after a line of the old form `<recipient>: reason` (bounce_log.c and
/// bounce_append_service.c, the same in Postfix 3.4 to 3.11). Lines that are neither are passed
/// over. Nothing when there is no entry left.
///
/// A logfile in `defer` begins anew with each attempt to deliver the message. The last entry may be
/// incomplete while it is being written.
[[nodiscard]] std::optional<bounce_log_entry>
take_bounce_log_entry(std::string_view& text) noexcept;

/// The server that a reason speaks of, if the entry has no host: `mx.example.com` of "connect to
/// mx.example.com[192.0.2.1]:25: Connection refused". Empty when it speaks of none. It is a name
/// right before an address in brackets, so a text of the server's own could name another one; the
/// first in the text counts.
[[nodiscard]] std::string_view host_in_reason(std::string_view reason) noexcept;

} // namespace postfix_proto
