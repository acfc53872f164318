/// Reads from queue files where their messages go.
#pragma once

#include "flushd/core/logfile_name.hpp"

#include "postfix_proto/queue_path.hpp"

#include <string>
#include <string_view>

namespace flushd {

/// The domain of the first recipient whose delivery is pending, in lower case. Empty when there is
/// none, or the file cannot be read.
[[nodiscard]] std::string first_domain(const std::string& path);

/// The site of a logfile, where only the logfile's name is known: a domain of a listed message that
/// has this logfile. `lines` are queue IDs, of which the first few are looked at. Empty when none
/// of them tells.
[[nodiscard]] std::string site_of_messages(std::string_view lines, const logfile_name& file,
                                           const postfix_proto::queue_layout& layout);

} // namespace flushd
