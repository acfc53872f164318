/// What came of a send, for a person and for programs.
#pragma once

#include "flushd/tool/send/message_watch.hpp"
#include "flushd/tool/send/reason_tally.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// The worst that happened decides; a later one is worse.
enum class outcome {
    requested,   ///< nobody has waited for more
    delivered,   ///< all of it, as far as can be known; or there was none
    left,        ///< all has left the queue; the user may not know how
    bounced,     ///< some was returned to the sender
    deferred,    ///< some was deferred again, is on hold, or was not tried
    timed_out,   ///< some is still on its way
    interrupted, ///< the same, after a signal
    refused,     ///< the service did not accept the request
};

/// A word for programs, such as "timed-out".
[[nodiscard]] std::string_view word_of(outcome what);

/// 0 for requested and delivered, 3 for left, as `flushd check`, EX_DATAERR for bounced,
/// EX_TEMPFAIL for deferred, EX_UNAVAILABLE for refused; where <sysexits.h> has none, 124 for the
/// end of the time, as timeout(1), and 130 after a signal, as the shell.
[[nodiscard]] int exit_status_of(outcome what);

/// Of one destination or message.
struct destination_verdict {
    std::string name;
    outcome result = outcome::delivered;
    message_watch::counts counts;
    std::vector<counted_reason> reasons; ///< of the deferred ones, the most frequent first
    bool is_down = false;                ///< the destination is why messages were not moved
    bool is_from_listing = false;        ///< postqueue(1) was asked: what is waiting may be tried
};

/// Of a command.
struct verdict {
    std::vector<destination_verdict> destinations;
    outcome result = outcome::delivered; ///< the worst of all
    int exit_status = 0;
    std::chrono::milliseconds elapsed{};
};

/// The outcome that these counts tell. `open` is what to call mail that is still on its way.
[[nodiscard]] outcome outcome_of(const message_watch::counts& counts, outcome open);

/// A line, and further ones with the reasons if there are several. All texts are printable.
[[nodiscard]] std::string describe(const destination_verdict& one);
/// A line about all destinations, without a newline.
[[nodiscard]] std::string summarise(const verdict& all);

} // namespace flushd::tool
