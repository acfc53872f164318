/// Names the message that a probe of the flush service asks for.
#pragma once

#include <string_view>

namespace flushd {

/// No message has this queue ID: it has an underscore. A send_file request for it is answered like
/// any other and does nothing; flushd leaves it out of its counters, so that who looks after the
/// service does not change what it sees.
inline constexpr std::string_view probe_queue_id = "NO_SUCH_MESSAGE";

} // namespace flushd
