/// What all parts of the daemon work with.
#pragma once

#include "flushd/core/counters.hpp"

#include "postfix_proto/service.hpp"
#include "postfix_proto/worker_thread.hpp"

namespace flushd {

/// References only: it is handed on whole, and each part keeps a copy. What it refers to must
/// outlive them all.
struct daemon_context : postfix_proto::service_runtime {
    postfix_proto::worker_thread& worker; ///< for what is done to files, other than adds
    counters& counts;
};

} // namespace flushd
