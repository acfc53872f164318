#include "catch.hpp"
#include "matchers.hpp"
#include "temporary_directory.hpp"

#include "postfix_proto/log.hpp"
#include "postfix_proto/privileges.hpp"

#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace postfix_proto;

namespace {

/// Runs `check` in a child process, which then ends at once: no test framework, no leak check.
template <typename Check>
bool true_in_child(Check check) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        bool result = false;
        try {
            result = check();
        } catch (...) {
        }
        ::_exit(result ? 0 : 1);
    }
    int status = -1;
    ::waitpid(pid, &status, 0);
    return status == 0;
}

/// The text of the startup_error, in a child since the call may have half happened.
bool fails_with(const jail_settings& settings, const std::string& text) {
    return true_in_child([&] {
        try {
            enter_jail(settings);
        } catch (const startup_error& error) {
            return std::string_view(error.what()).substr(0, text.size()) == text;
        }
        return false;
    });
}

} // namespace

TEST_CASE("enter_jail without settings does nothing") { CHECK_NOTHROW(enter_jail({})); }

TEST_CASE("enter_jail names an unknown user") {
    jail_settings settings;
    settings.user = "no such user";
    CHECK_THROWS_WITH(enter_jail(settings), contains_text("getpwnam(no such user): "));
}

TEST_CASE("mail_owner is a user without privileges") {
    CHECK_NOTHROW(check_mail_owner("nobody"));
    CHECK_THROWS_WITH(check_mail_owner("no such user"), contains_text("no such user"));
    CHECK_THROWS_WITH(check_mail_owner("root"), contains_text("parameter mail_owner: user root has "
                                                              "privileged user ID"));
}

TEST_CASE("enter_jail as root enters the directory and becomes the user for good") {
    if (::getuid() != 0)
        return;
    const temporary_directory jail;
    jail.write("marker", "");
    const passwd* const nobody = ::getpwnam("nobody");
    REQUIRE(nobody != nullptr);
    const uid_t uid = nobody->pw_uid;
    const gid_t gid = nobody->pw_gid;
    ::chmod(jail.path().c_str(), 0755);
    CHECK(true_in_child([&] {
        enter_jail({jail.path().string(), "nobody"});
        return ::getuid() == uid && ::geteuid() == uid && ::getgid() == gid && ::getegid() == gid &&
               ::access("marker", F_OK) == 0 && ::access("/marker", F_OK) == 0 &&
               ::setuid(0) != 0 && ::chroot("/") != 0;
    }));
    CHECK(true_in_child([&] {
        enter_jail({jail.path().string(), std::nullopt});
        return ::getuid() == 0 && ::access("/marker", F_OK) == 0;
    }));
    CHECK(fails_with({"/no/such/directory", std::nullopt}, "chroot(/no/such/directory): "));
}

TEST_CASE("enter_jail without privileges names the call that failed") {
    jail_settings user;
    user.user = "root";
    const jail_settings directory{"/", std::nullopt};
    const auto drop = [] {
        return ::getuid() != 0 || (::setgid(65534) == 0 && ::setuid(65534) == 0);
    };
    CHECK(true_in_child([&] { return drop() && fails_with(user, "setgid(0): "); }));
    CHECK(true_in_child([&] { return drop() && fails_with(directory, "chroot(/): "); }));
}
