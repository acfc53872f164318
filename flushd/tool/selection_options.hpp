/// The options that choose queued mail, alike in each command that has them.
#pragma once

#include "flushd/tool/options.hpp"
#include "flushd/tool/queue/mail_selection.hpp"

#include <initializer_list>
#include <string>

namespace flushd::tool {

/// Adds the options of these kinds, such as `--to` and `--larger-than`, and `--not`, which excludes
/// mail by any of them. `selection` must outlive the command's action.
void add_selection_options(command_options& command, mail_selection& selection,
                           const std::string& heading,
                           std::initializer_list<mail_selection::kind> kinds);

} // namespace flushd::tool
