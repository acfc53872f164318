/// Bundles the objects that all parts of the daemon share.
#pragma once

#include "flushd/core/counters.hpp"
#include "flushd/core/send_history.hpp"

#include "postfix_proto/service.hpp"
#include "postfix_proto/worker_thread.hpp"

namespace flushd {

/// Holds references only. Each part keeps a copy. The objects must outlive all parts.
struct daemon_context : postfix_proto::service_runtime {
    postfix_proto::worker_thread& worker; ///< for all work on files except adds
    counters& counts;
    send_history& history;
};

} // namespace flushd
