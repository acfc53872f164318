/// Tells what to do after an installation.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

namespace flushd::tool {

/// Prints what is left to do, with the commands: nothing may be eligible yet, mail may have been
/// deferred before, Postfix may not be running.
void show_next_steps(const instance& where, bool is_running);

} // namespace flushd::tool
