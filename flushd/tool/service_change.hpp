/// Puts another program behind the flush service.
#pragma once

#include "flushd/tool/instance.hpp"
#include "flushd/tool/live_service.hpp"
#include "flushd/tool/master_cf.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace flushd::tool {

/// What is kept of master.cf as it was before the last change.
[[nodiscard]] std::string saved_master_cf(const instance& where);

/// The change of master.cf, for the operator to see: lines that begin with - and +.
[[nodiscard]] std::string show_change(const service_entry& entry, std::string_view program);

/// Saves master.cf, changes the first word of the service's command and, where Postfix runs,
/// reloads it and waits until the program answers. Returns the process that does, or nothing where
/// Postfix does not run.
///
/// Throws tool_error when that does not come about, SIGINT and SIGTERM included. By then master.cf
/// is what it was, and the old program answers again; where it does not, the text says so.
std::optional<pid_t> change_program(const instance& where, const service_entry& entry,
                                    std::string_view program);

} // namespace flushd::tool
