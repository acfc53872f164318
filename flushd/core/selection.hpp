/// Names the logfiles that list what an operator has chosen.
#pragma once

#include "flushd/core/logfile_name.hpp"

#include <sys/types.h>

#include <ctime>

namespace flushd {

/// A selection is a logfile without a site: `flushd send` writes it and records a send of it in
/// flushd.sends. The name is in upper case, which no site's is. To stock flush(8) it is a logfile
/// like any other, that housekeeping sends and removes.
///
/// "SELECTED_TIME_PROCESS_NUMBER". Nothing but that makes it the file of one send, so `number` must
/// differ when a process makes several in a second.
[[nodiscard]] logfile_name selection_name(std::time_t now, pid_t process, unsigned number);

[[nodiscard]] bool is_selection(const logfile_name& file);

} // namespace flushd
