/// Defines what is remembered of a send, and its line in the history.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace flushd {

/// One send that somebody has asked for.
struct send_record {
    std::uint64_t number = 0;    ///< the order of the records, from 1 on; the history assigns it
    std::time_t asked = 0;       ///< when the request came
    std::optional<uid_t> user{}; ///< who asked; nothing if the client's user is not known
    bool is_resumed = false;     ///< another process has begun it, and was told who asked
    std::string site;

    // The lines of the logfile.
    std::uint64_t moved = 0;     ///< to the incoming queue
    std::uint64_t missing = 0;   ///< not deferred any more
    std::uint64_t held = 0;      ///< on hold, before the send or since
    std::uint64_t duplicate = 0; ///< listed more than once
    std::uint64_t failed = 0;    ///< could not be moved
    std::uint64_t left = 0;      ///< not tried, because the destination is down

    // The messages that were moved.
    std::uint64_t delivered = 0;
    std::uint64_t bounced = 0;
    std::uint64_t gone = 0; ///< delivered or bounced
    std::uint64_t deferred = 0;
    std::uint64_t in_delivery = 0; ///< when the service stopped following them

    std::chrono::milliseconds took{}; ///< from the request to the end
    std::string reason;               ///< of the first message that was deferred
};

/// The size of each record's line.
inline constexpr std::size_t send_record_size = 512;

/// "NUMBER NAME=VALUE ... reason=TEXT", blanks, NUMBER and a newline. Values of 0 are left out. A
/// site or a reason that is too long is cut.
[[nodiscard]] std::string format_send_record(const send_record& record);

/// Returns nothing if the text is not one whole record: it was never written, is torn (its numbers
/// differ), or is something else. Names of other versions are skipped.
[[nodiscard]] std::optional<send_record> parse_send_record(std::string_view text);

} // namespace flushd
