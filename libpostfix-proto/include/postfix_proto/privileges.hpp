/// Giving up what a daemon does not need.
#pragma once

#include <optional>
#include <string>

namespace postfix_proto {

/// What enter_jail() is to do; what is not set is left out.
struct jail_settings {
    std::optional<std::string> root_directory; ///< the new `/`; for Postfix $queue_directory
    std::optional<std::string> user;           ///< a login name; for Postfix $mail_owner
};

/// What Postfix demands of $mail_owner wherever it starts (Postfix 3.7: global/mail_params.c): a
/// user there is, neither its user ID nor its group ID is 0, and no other user has the same user ID
/// and comes first. Throws startup_error, which names the parameter and the user.
void check_mail_owner(const std::string& user);

/// Looks the user up, takes on the user's groups, then enters the directory and becomes the user,
/// in the order of util/chroot_uid.c (Postfix 3.7): /etc/passwd is out of reach in the jail, and
/// without privileges so is chroot(2). Loads the time zone before that for the sake of log lines.
/// Call it before threads are started. Throws startup_error, which names the call that failed.
void enter_jail(const jail_settings& settings);

} // namespace postfix_proto
