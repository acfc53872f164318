/// Giving up what a daemon does not need.
#pragma once

#include <optional>
#include <string>

namespace postfix_proto {

struct jail_settings {
    std::optional<std::string> root_directory; ///< the new `/`; for Postfix $queue_directory
    std::optional<std::string> user;           ///< a login name; for Postfix $mail_owner
};

/// Looks the user up, takes on the user's groups, then enters the directory and becomes the user,
/// in the order of util/chroot_uid.c (Postfix 3.7): /etc/passwd is out of reach in the jail, and
/// without privileges so is chroot(2). Loads the time zone before that for the sake of log lines.
/// Call it before threads are started. Throws startup_error, which names the call that failed.
void enter_jail(const jail_settings& settings);

} // namespace postfix_proto
