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

/// What is kept of master.cf as it was before the last change.
[[nodiscard]] std::string saved_master_cf(const instance& where);

/// The change of master.cf, for the operator to see: lines that begin with - and +.
[[nodiscard]] std::string show_change(const service_entry& entry, std::string_view program);

/// What else belongs to the change. Each step may be empty.
struct accompanying_change {
    /// After the program has answered: throws tool_error when all has to be put back. Not where
    /// Postfix does not run.
    std::function<void()> verify;
    /// Before Postfix is reloaded with the old program. Says whether anything had to be taken back.
    std::function<bool()> take_back;
};

/// Saves master.cf, changes the first word of the service's command and, where Postfix runs,
/// reloads it and waits until the program answers. Returns the process that does, or nothing where
/// Postfix does not run.
///
/// Throws tool_error when that does not come about, SIGINT and SIGTERM included. By then master.cf
/// is what it was, and the old program answers again; where it does not, the text says so. When
/// nothing could be changed in the first place, nothing is left behind.
std::optional<pid_t> change_program(const instance& where, const service_entry& entry,
                                    std::string_view program,
                                    const accompanying_change& others = {});

} // namespace flushd::tool
