/// The flush service as a child of master(8).
#pragma once

#include "postfix_proto/log.hpp"

namespace flushd {

/// Starts as a Postfix daemon does: options, configuration, log, tables, then chroot and
/// privileges; serves until it is time to retire. Returns the process's exit status; throws
/// startup_error when it cannot start.
int run_daemon(int argc, const char* const* argv, postfix_proto::logger& log);

} // namespace flushd
