/// Drops the privileges that a daemon does not need.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace postfix_proto {

/// What a daemon is held to that does no more from then on than to use the files in some
/// directories, the descriptors that it has and UNIX-domain sockets. Each part where the kernel has
/// it, else not: none is what the daemon's own rights are made of.
struct confinement {
    /// As seen from the current directory, in the jail if there is one; those that do not exist are
    /// left out. All other files are out of reach (Landlock, Linux 5.19), and so are TCP, abstract
    /// sockets and, since 6.12, the processes of others. Not restricted are stat(2), and connect(2)
    /// to a socket that has a name.
    std::vector<std::string> directories{};
    /// Of AppArmor; entered if it is loaded, and if not empty. The process still has to chroot(2)
    /// and setuid(2) then, and uses the descriptors that it has by their paths.
    std::string apparmor_profile{};
};

/// What enter_jail() is to do; what is not set is left out.
struct jail_settings {
    std::optional<std::string> root_directory{}; ///< the new `/`; for Postfix $queue_directory
    std::optional<std::string> user{};           ///< a login name; for Postfix $mail_owner
    /// Besides, a filter refuses with EPERM what such a daemon does not call: execve(2), sockets
    /// that are not local, memory that is executable, ptrace(2), namespaces, mounts, and more. Not
    /// in builds with sanitizers, which look at files, processes and themselves.
    std::optional<postfix_proto::confinement> confinement{};
};

/// What Postfix demands of $mail_owner wherever it starts (Postfix 3.7: global/mail_params.c): a
/// user there is, neither its user ID nor its group ID is 0, and no other user has the same user ID
/// and comes first. Throws startup_error, which names the parameter and the user.
void check_mail_owner(const std::string& user);

/// Looks the user up, takes on the user's groups, then enters the directory and becomes the user,
/// in the order of util/chroot_uid.c (Postfix 3.7): /etc/passwd is out of reach in the jail, and
/// without privileges so is chroot(2). Loads the time zone before that for the sake of log lines.
/// Whoever becomes another user or is confined gains no privileges any more, whatever is executed
/// (PR_SET_NO_NEW_PRIVS). Call it before threads are started. Throws startup_error, which names the
/// call that failed.
void enter_jail(const jail_settings& settings);

} // namespace postfix_proto
