/// Drops the privileges that a daemon does not need.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace postfix_proto {

/// Restrictions for a daemon that from then on only uses the files in some directories, its open
/// descriptors and UNIX-domain sockets. A part that the kernel does not support is skipped, because
/// the daemon's security does not rest on these restrictions alone.
struct confinement {
    /// As seen from the current directory, in the jail if there is one; those that do not exist are
    /// left out. All other files are out of reach (Landlock, Linux 5.19), and so are TCP, abstract
    /// sockets and, since 6.12, the processes of others. Not restricted are stat(2), and connect(2)
    /// to a socket that has a name.
    std::vector<std::string> directories{};
    /// Of AppArmor; entered if it is loaded, and if not empty. The process still has to chroot(2)
    /// and setuid(2) then, and uses the descriptors that it has by their paths.
    std::string apparmor_profile{};
    /// It may connect by TCP and send by UDP. It may still not serve a port that it did not get
    /// from master(8).
    bool may_use_network = false;
};

/// The steps of enter_jail(); a member that is not set skips its step.
struct jail_settings {
    std::optional<std::string> root_directory{}; ///< the new `/`; for Postfix $queue_directory
    std::optional<std::string> user{};           ///< a login name; for Postfix $mail_owner
    /// Besides, a filter refuses with EPERM what such a daemon does not call: execve(2), sockets
    /// that are not local (unless may_use_network says so), memory that is executable, ptrace(2),
    /// namespaces, mounts, and more. Not in builds with sanitizers, which look at files, processes
    /// and themselves.
    std::optional<postfix_proto::confinement> confinement{};
};

/// Checks $mail_owner as Postfix does at every start (Postfix 3.7: global/mail_params.c): the user
/// exists, neither its user ID nor its group ID is 0, and no other user with the same user ID
/// precedes it. Throws startup_error, which names the parameter and the user.
void check_mail_owner(const std::string& user);

/// Looks up the user, sets the user's groups, then enters the directory and becomes the user, in
/// the order of util/chroot_uid.c (Postfix 3.7): /etc/passwd is inaccessible in the jail, and
/// chroot(2) requires privileges. Loads the time zone first, for the log lines. A process that
/// becomes another user or is confined cannot regain privileges, whatever it executes
/// (PR_SET_NO_NEW_PRIVS). Call it before threads are started. Throws startup_error, which names the
/// call that failed.
void enter_jail(const jail_settings& settings);

} // namespace postfix_proto
