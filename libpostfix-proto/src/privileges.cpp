#include "postfix_proto/privileges.hpp"

#include "postfix_proto/log.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <string_view>

namespace postfix_proto {

namespace {

/// Throws when a system call's result says that it failed.
void check(int result, std::string_view call, std::string_view argument) {
    if (result != 0)
        throw startup_error(fmt::format("{}({}): {}", call, argument, errno_text(errno)));
}

struct identity {
    uid_t uid;
    gid_t gid;
};

/// Throws when there is none.
identity look_up(const std::string& user) {
    errno = 0;
    const passwd* const entry = ::getpwnam(user.c_str());
    if (entry == nullptr)
        throw startup_error(
            fmt::format("getpwnam({}): {}", user, errno == 0 ? "unknown user" : errno_text(errno)));
    return {entry->pw_uid, entry->pw_gid};
}

} // namespace

void check_mail_owner(const std::string& user) {
    const auto refuse = [&](std::string_view why) {
        throw startup_error(fmt::format("parameter mail_owner: user {} {}", user, why));
    };
    const auto [uid, gid] = look_up(user);
    if (uid == 0)
        refuse("has privileged user ID");
    if (gid == 0)
        refuse("has privileged group ID");
    if (const passwd* const first = ::getpwuid(uid); first != nullptr && first->pw_name != user)
        refuse(fmt::format("has same user ID as {}", first->pw_name));
}

void enter_jail(const jail_settings& settings) {
    ::tzset();
    uid_t uid = 0;
    if (settings.user) {
        const auto found = look_up(*settings.user);
        uid = found.uid;
        const gid_t gid = found.gid;
        check(::setgid(gid), "setgid", std::to_string(gid));
        check(::initgroups(settings.user->c_str(), gid), "initgroups", *settings.user);
    }
    if (settings.root_directory) {
        check(::chroot(settings.root_directory->c_str()), "chroot", *settings.root_directory);
        check(::chdir("/"), "chdir", "/");
    }
    if (settings.user)
        check(::setuid(uid), "setuid", std::to_string(uid));
}

} // namespace postfix_proto
