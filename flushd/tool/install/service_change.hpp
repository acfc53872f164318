/// Replaces the program of the flush service.
#pragma once

#include "flushd/tool/postfix/instance.hpp"
#include "flushd/tool/postfix/live_service.hpp"
#include "flushd/tool/postfix/master_cf.hpp"

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace flushd::tool {

/// The path under which the previous master.cf is saved.
[[nodiscard]] std::string saved_master_cf(const instance& where);

/// The change of master.cf for the operator: lines that begin with - and +.
[[nodiscard]] std::string show_change(const service_entry& entry, std::string_view program);

/// Other steps of the change. Each may be empty.
struct accompanying_change {
    /// Called after the program has answered, if Postfix is running. Throws tool_error to undo the
    /// whole change.
    std::function<void()> verify;
    /// Called before Postfix is reloaded with the old program. Returns whether it undid anything.
    std::function<bool()> take_back;
};

/// Saves master.cf and changes the first word of the service's command. If Postfix is running,
/// reloads it and waits until the program answers. Returns the process that answers, or nothing if
/// Postfix is not running.
///
/// Throws tool_error on failure, and on SIGHUP, SIGINT and SIGTERM. Before that, master.cf is
/// restored, and the old program answers again; if it does not, the text says so. If nothing was
/// changed, no file is left behind.
std::optional<pid_t> change_program(const instance& where, const service_entry& entry,
                                    std::string_view program,
                                    const accompanying_change& others = {});

} // namespace flushd::tool
