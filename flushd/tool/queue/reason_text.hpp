/// Makes the reasons for which mail waits comparable.
#pragma once

#include <string>
#include <string_view>

namespace flushd::tool {

/// Without "delivery temporarily suspended: ", which the queue manager puts before what it was told
/// earlier.
[[nodiscard]] std::string_view first_reason(std::string_view reason) noexcept;

/// The same with what went wrong at the front, where a table cuts the end off: "Connection refused
/// (connect to mx.a.tld[192.0.2.1]:25)", "450 4.2.0 Greylisted (host mx.a.tld[192.0.2.1])".
[[nodiscard]] std::string essence_first(std::string_view reason);

/// Replaces what differs between messages that are deferred for the same reason by `*`: names and
/// addresses of hosts and people, numbers, times, queue IDs, URLs. An SMTP code and an enhanced
/// status code are kept. At most 300 bytes.
///
/// "connect to mx1.a.tld[192.0.2.1]:25: Connection refused" becomes "connect to *: Connection
/// refused".
[[nodiscard]] std::string normalised_reason(std::string_view reason);
/// The same, appended to `result`, which a loop can reuse.
void append_normalised_reason(std::string_view reason, std::string& result);

} // namespace flushd::tool
