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

} // namespace

void enter_jail(const jail_settings& settings) {
    ::tzset();
    uid_t uid = 0;
    if (settings.user) {
        errno = 0;
        const passwd* const entry = ::getpwnam(settings.user->c_str());
        if (entry == nullptr)
            throw startup_error(fmt::format("getpwnam({}): {}", *settings.user,
                                            errno == 0 ? "unknown user" : errno_text(errno)));
        uid = entry->pw_uid;
        const gid_t gid = entry->pw_gid;
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
