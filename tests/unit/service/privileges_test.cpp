#include "catch.hpp"
#include "matchers.hpp"
#include "temporary_directory.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/privileges.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <thread>
#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FLUSHD_SANITIZED // where there is no confinement
#endif
#endif

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
        return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && ::getuid() == uid &&
               ::geteuid() == uid && ::getgid() == gid && ::getegid() == gid &&
               ::access("marker", F_OK) == 0 && ::access("/marker", F_OK) == 0 &&
               ::setuid(0) != 0 && ::chroot("/") != 0;
    }));
    CHECK(true_in_child([&] {
        enter_jail({jail.path().string(), std::nullopt});
        return ::getuid() == 0 && ::access("/marker", F_OK) == 0;
    }));
    CHECK(fails_with({"/no/such/directory", std::nullopt}, "chroot(/no/such/directory): "));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(FLUSHD_SANITIZED)

namespace {

/// Neither chroot nor another user: what is refused to this process is not so for want of rights.
jail_settings confined_to(std::vector<std::string> directories) {
    jail_settings result;
    result.confinement = confinement{std::move(directories), {}};
    return result;
}

long landlock_version() { return ::syscall(444, nullptr, 0, 1U); }

bool can_write(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return fd >= 0 && ::ftruncate(fd, 0) == 0 && ::close(fd) == 0;
}

} // namespace

TEST_CASE("a confined process uses the files below its directories, and no others") {
    if (landlock_version() < 2) {
        WARN("this kernel has no Landlock, or an old one");
        return;
    }
    const temporary_directory directory;
    namespace fs = std::filesystem;
    for (const char* name : {"deferred", "incoming", "other"})
        fs::create_directory(directory.file(name));
    for (const char* name : {"deferred/A1", "deferred/E5", "other/B2", "outside"})
        directory.write(name, "text");
    const auto settings =
        confined_to({directory.file("deferred"), directory.file("incoming"), "/no/such"});
    const auto at = [&](const char* name) { return directory.file(name); };
    CHECK(true_in_child([&] {
        const int open_before = ::open(at("outside").c_str(), O_RDWR | O_CLOEXEC);
        enter_jail(settings);
        char byte = 0;
        return can_write(at("deferred/A1")) &&
               ::rename(at("deferred/A1").c_str(), at("incoming/A1").c_str()) == 0 &&
               ::mkdir(at("incoming/d").c_str(), 0700) == 0 && can_write(at("incoming/d/C3")) &&
               ::unlink(at("incoming/A1").c_str()) == 0 &&
               // What was open before stays so.
               ::pread(open_before, &byte, 1, 0) == 1 && ::ftruncate(open_before, 0) == 0;
    }));
    CHECK(true_in_child([&] {
        enter_jail(settings);
        const auto refused = [](bool done) { return !done && (errno == EACCES || errno == EXDEV); };
        return refused(can_write(at("outside"))) && refused(can_write(at("other/new"))) &&
               refused(::open("/etc/passwd", O_RDONLY) >= 0) &&
               refused(::open(at("other").c_str(), O_RDONLY | O_DIRECTORY) >= 0) &&
               refused(::rename(at("deferred/E5").c_str(), at("other/E5").c_str()) == 0) &&
               refused(::unlink(at("other/B2").c_str()) == 0) &&
               refused(::symlink("x", at("other/link").c_str()) == 0) &&
               refused(::mkfifo(at("other/fifo").c_str(), 0600) == 0) &&
               (landlock_version() < 3 || refused(::truncate(at("outside").c_str(), 1) == 0));
    }));
}

TEST_CASE("a confined process is refused what it does not need, and serves all the same") {
#if defined(__x86_64__) || defined(__aarch64__)
    const auto settings = confined_to({"/"});
    const auto refused = [](long result) { return result == -1 && errno == EPERM; };
    // So the kernel, or a container's own filter, would not have refused them.
    REQUIRE(true_in_child([] {
        const int any = ::socket(AF_INET, SOCK_STREAM, 0);
        const bool can_execute = ::execl("/no/such/program", "x", nullptr) == -1 && errno == ENOENT;
        void* const memory =
            ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return any >= 0 && can_execute && memory != MAP_FAILED;
    }));
    const long page = ::sysconf(_SC_PAGESIZE);
    const std::vector<std::function<long()>> calls{
        [] { return ::execl("/no/such/program", "x", nullptr); },
        [] { return ::syscall(SYS_execveat, -1, "", nullptr, nullptr, 0); },
        [] { return ::socket(AF_INET, SOCK_STREAM, 0); },
        [] { return ::socket(AF_INET6, SOCK_DGRAM, 0); },
        [] { return ::socket(AF_NETLINK, SOCK_RAW, 0); },
        [] { return ::socket(AF_PACKET, SOCK_RAW, 0); },
        [=] {
            return ::mmap(nullptr, static_cast<std::size_t>(page), PROT_READ | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
                       ? -1
                       : 0;
        },
        [=] {
            void* const memory = ::mmap(nullptr, static_cast<std::size_t>(page), PROT_READ,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            return ::mprotect(memory, static_cast<std::size_t>(page), PROT_READ | PROT_EXEC);
        },
        [] { return ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, 0, 0, 0); },
        [] { return ::unshare(CLONE_NEWUSER); },
        [] { return ::chroot("/"); },
        [] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); },
    };
    for (std::size_t n = 0; n < calls.size(); ++n) {
        CAPTURE(n);
        CHECK(true_in_child([&] {
            enter_jail(settings);
            return refused(calls[n]());
        }));
    }
    // Without arguments that make sense: it is the number that counts.
    for (const long number :
         {SYS_mount,       SYS_umount2,          SYS_pivot_root,        SYS_setns,
          SYS_init_module, SYS_finit_module,     SYS_delete_module,     SYS_kexec_load,
          SYS_bpf,         SYS_add_key,          SYS_request_key,       SYS_keyctl,
          SYS_reboot,      SYS_swapon,           SYS_swapoff,           SYS_acct,
          SYS_quotactl,    SYS_syslog,           SYS_settimeofday,      SYS_clock_settime,
          SYS_adjtimex,    SYS_clock_adjtime,    SYS_sethostname,       SYS_setdomainname,
          SYS_personality, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp,
          SYS_userfaultfd, SYS_perf_event_open,  SYS_open_by_handle_at}) {
        CAPTURE(number);
        CHECK(true_in_child([&] {
            enter_jail(settings);
            return refused(::syscall(number, -1L, -1L, -1L, -1L, -1L, -1L));
        }));
    }
    // io_uring, the mounts of Linux 5.2 and later, pidfd_getfd(2): headers may lack them.
    for (const long number : {425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 467}) {
        CAPTURE(number);
        CHECK(true_in_child([&] {
            enter_jail(settings);
            return refused(::syscall(number, -1L, -1L, -1L, -1L, -1L, -1L));
        }));
    }
    CHECK(true_in_child([] { // and gains no privileges any more
        enter_jail(confined_to({"/"}));
        return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    }));
    CHECK(true_in_child([] { // what it still does: threads, processes, sockets, exceptions
        enter_jail(confined_to({"/"}));
        bool has_run = false;
        std::thread([&] { has_run = true; }).join();
        const pid_t child = ::fork();
        if (child == 0)
            ::_exit(7);
        int status = 0;
        bool was_caught = false;
        try {
            throw startup_error("x");
        } catch (const startup_error&) {
            was_caught = true;
        }
        int pair[2];
        return has_run && was_caught && ::waitpid(child, &status, 0) == child &&
               WEXITSTATUS(status) == 7 && ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0 &&
               ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
    }));
#endif
}

TEST_CASE("a confined process that may use the network connects, but serves no port") {
    auto settings = confined_to({"/"});
    settings.confinement->may_use_network = true;
    sockaddr_in nowhere{};
    nowhere.sin_family = AF_INET;
    nowhere.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    nowhere.sin_port = htons(1); // nobody listens
    const auto connect_result = [&] {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto* const address = reinterpret_cast<const sockaddr*>(&nowhere);
        return fd >= 0 && ::connect(fd, address, sizeof(nowhere)) < 0 ? errno : 0;
    };
    CHECK(true_in_child([&] {
        enter_jail(settings);
        return connect_result() == ECONNREFUSED && ::socket(AF_INET6, SOCK_DGRAM, 0) >= 0 &&
               ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
    }));
#if defined(__x86_64__) || defined(__aarch64__)
    CHECK(true_in_child([&] {
        enter_jail(settings);
        int pair[2];
        return ::socket(AF_NETLINK, SOCK_RAW, 0) < 0 && errno == EPERM &&
               ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
               ::socketpair(AF_INET, SOCK_STREAM, 0, pair) < 0 && errno == EPERM;
    }));
#endif
    if (landlock_version() < 4) {
        WARN("this kernel's Landlock does not restrict TCP");
        return;
    }
    CHECK(true_in_child([&] {
        enter_jail(settings);
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        auto port = nowhere;
        port.sin_port = htons(2526);
        const auto* const address = reinterpret_cast<const sockaddr*>(&port);
        return ::bind(fd, address, sizeof(port)) < 0 && errno == EACCES;
    }));
}

#endif

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
