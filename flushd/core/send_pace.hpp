/// Describes when and how fast a send is carried out.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace flushd {

/// What an operator may ask for with `flushd send`. The default is what every other send does: all
/// messages, as fast as its share of the queue manager permits.
struct send_pace {
    std::chrono::microseconds interval{0}; ///< between two messages; 0 for none
    std::size_t first = 0;                 ///< so many messages at most; 0 for all
    /// Nothing but a message now and then is sent before one has been delivered. If none has been
    /// by this time, the send is given up.
    std::optional<std::time_t> when_up_until{};
    std::optional<uid_t> user{}; ///< who has asked for it

    /// Somebody is careful: the send ends when messages are deferred again, for whatever reason.
    [[nodiscard]] bool is_careful() const noexcept { return interval.count() > 0 || first > 0; }
    bool operator==(const send_pace&) const = default;
};

/// One word, as in "every=50000,first=50,up=1795766400,by=0", or "-" for the default.
[[nodiscard]] std::string format_pace(const send_pace& pace);
/// Nothing if the text is not of that form.
[[nodiscard]] std::optional<send_pace> parse_pace(std::string_view text);

} // namespace flushd
