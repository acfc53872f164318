#include "postfix_proto/privileges.hpp"

#include "service/landlock.hpp"
#include "service/system_call_filter.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_descriptor.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <string_view>

namespace postfix_proto {

namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define POSTFIX_PROTO_IS_SANITIZED
#endif
#endif
#if defined(POSTFIX_PROTO_IS_SANITIZED) || defined(__SANITIZE_ADDRESS__) ||                        \
    defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

/// Throws if a system call has failed.
void check(int result, std::string_view call, std::string_view argument) {
    if (result != 0)
        throw startup_error(fmt::format("{}({}): {}", call, argument, errno_text(errno)));
}

struct identity {
    uid_t uid;
    gid_t gid;
};

/// Throws if there is no such user.
identity look_up(const std::string& user) {
    errno = 0;
    const passwd* const entry = ::getpwnam(user.c_str());
    if (entry == nullptr)
        throw startup_error(
            fmt::format("getpwnam({}): {}", user, errno == 0 ? "unknown user" : errno_text(errno)));
    return {entry->pw_uid, entry->pw_gid};
}

/// Does what libapparmor does: writes a command to a file of the kernel. The file does not exist
/// without AppArmor; the write fails with ENOENT without the profile, and with EACCES if another
/// profile confines the process.
void enter_profile(const std::string& name) {
    const file_descriptor file(::open("/proc/self/attr/apparmor/current", O_WRONLY | O_CLOEXEC));
    const auto words = "changeprofile " + name;
    if (file)
        static_cast<void>(::write(file.get(), words.data(), words.size()) < 0);
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
    // From here on, no path outside the jail can be opened.
    if (settings.confinement && !settings.confinement->apparmor_profile.empty())
        enter_profile(settings.confinement->apparmor_profile);
    if (settings.root_directory) {
        check(::chroot(settings.root_directory->c_str()), "chroot", *settings.root_directory);
        check(::chdir("/"), "chdir", "/");
    }
    if (settings.user)
        check(::setuid(uid), "setuid", std::to_string(uid));
    if (settings.user || settings.confinement)
        check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl", "PR_SET_NO_NEW_PRIVS");
    if (settings.confinement && !is_sanitized) {
        const bool may_use_network = settings.confinement->may_use_network;
        static_cast<void>(
            restrict_to_directories(settings.confinement->directories, may_use_network));
        static_cast<void>(refuse_needless_system_calls(may_use_network));
    }
}

} // namespace postfix_proto
