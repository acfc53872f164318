/// Reads why a message was deferred.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace flushd {

/// Why the mail of one site was deferred, from a message's defer logfile.
struct deferral {
    std::string reason; ///< of the site's first recipient; empty when there is none
    std::string host;   ///< the server that gave it; empty when there was no conversation with one

    /// It is not this message's own trouble: the queue manager does not try the destination at the
    /// moment ("delivery temporarily suspended"), or the status is one of network and routing
    /// (4.4.x, RFC 3463 section 3.5). A full mailbox and greylisting are the message's own.
    bool is_of_destination = false;
};

/// Looks for recipients of `site` in the text of a defer logfile: groups of `name=value` lines,
/// with an empty line between (bounce_log.c, Postfix 3.7). An empty `site` means every recipient.
[[nodiscard]] deferral find_deferral(std::string_view text, std::string_view site);

/// So much of a defer logfile is read.
inline constexpr std::size_t longest_defer_log = 65536;

/// The same for a file.
[[nodiscard]] deferral read_deferral(const std::string& path, std::string_view site);

} // namespace flushd
