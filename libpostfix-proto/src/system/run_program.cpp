#include "postfix_proto/run_program.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_descriptor.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <paths.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>

extern char** environ; // POSIX requires the program to declare it

namespace postfix_proto {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t error_tail = 8192; // the reason is in the last lines

[[noreturn]] void fail(const std::string& program, std::string_view what, int error_number) {
    throw startup_error(fmt::format("{}: {}: {}", program, what, errno_text(error_number)));
}

struct pipe_ends {
    file_descriptor read_end, write_end;
};

pipe_ends make_pipe(const std::string& program) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        fail(program, "pipe", errno);
    return {file_descriptor(ends[0]), file_descriptor(ends[1])};
}

/// A started child; killed and reaped unless it was waited for.
class child_process {
public:
    explicit child_process(pid_t pid) : pid_(pid) {}
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    ~child_process() {
        if (pid_ <= 0)
            return;
        ::kill(pid_, SIGKILL);
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR)
            ;
    }

    /// The wait status, or nothing while the child still runs.
    std::optional<int> try_wait(const std::string& program) {
        int status = 0;
        const pid_t pid = ::waitpid(pid_, &status, WNOHANG);
        if (pid == 0 || (pid < 0 && errno == EINTR))
            return std::nullopt;
        if (pid < 0) {
            const int error_number = errno;
            pid_ = -1;
            fail(program, "waitpid", error_number);
        }
        pid_ = -1;
        return status;
    }

private:
    pid_t pid_;
};

pid_t spawn(const std::vector<std::string>& arguments, int output, int errors) {
    std::vector<char*> argv;
    for (const auto& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, _PATH_DEVNULL, O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    // Reset our signal settings (SIGPIPE is ignored), which are not for the program.
    sigset_t defaults;
    sigset_t no_signals;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    sigemptyset(&no_signals);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setsigmask(&attributes, &no_signals);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

    pid_t pid = -1;
    const int error =
        ::posix_spawn(&pid, argv.front(), &actions, &attributes, argv.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        fail(arguments.front(), "cannot run it", error);
    return pid;
}

int milliseconds_until(clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
    return static_cast<int>(std::clamp<decltype(left)>(left, 0, 60'000));
}

/// Appends the available bytes to `text`. Closes the descriptor at the end of the stream.
void read_some(file_descriptor& fd, std::string& text) {
    std::array<char, 16384> buffer;
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n > 0)
        text.append(buffer.data(), static_cast<std::size_t>(n));
    else if (n == 0 || errno != EINTR)
        fd.reset();
}

constexpr std::string_view system_directories =
    "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin";

bool has_more_rights_than_caller() {
    return ::geteuid() == 0 || ::geteuid() != ::getuid() || ::getegid() != ::getgid();
}

/// Whether only root can change the file, or replace it.
bool is_only_roots(const std::string& file) {
    std::error_code error;
    auto path = std::filesystem::canonical(file, error);
    for (; !error; path = path.parent_path()) {
        struct stat st {};
        if (::lstat(path.c_str(), &st) != 0 || st.st_uid != 0)
            return false;
        // In a sticky directory (/tmp), users can replace only their own files, and this is root's.
        const bool is_shared = (st.st_mode & (S_IWGRP | S_IWOTH)) != 0;
        if (is_shared && !(S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX) != 0))
            return false;
        if (path == path.root_path())
            return true;
    }
    return false;
}

/// The path of the program in the first of these directories that has it.
std::optional<std::string> find_in(std::string_view directories, const std::string& name,
                                   bool only_roots) {
    while (!directories.empty()) {
        const auto directory = directories.substr(0, directories.find(':'));
        directories.remove_prefix(std::min(directory.size() + 1, directories.size()));
        if (directory.substr(0, 1) != "/")
            continue;
        std::string file = fmt::format("{}/{}", directory, name);
        struct stat st {};
        if (::stat(file.c_str(), &st) == 0 && S_ISREG(st.st_mode) &&
            ::access(file.c_str(), X_OK) == 0 && (!only_roots || is_only_roots(file)))
            return file;
    }
    return std::nullopt;
}

} // namespace

std::optional<std::string> find_program(const std::string& name) {
    if (auto found = find_in(system_directories, name, false))
        return found;
    const char* const path = std::getenv("PATH");
    return find_in(path != nullptr ? path : "", name, has_more_rights_than_caller());
}

program_result run_program(const std::vector<std::string>& arguments, clock::time_point deadline,
                           std::size_t output_limit) {
    const auto& program = arguments.front();
    auto output = make_pipe(program);
    auto errors = make_pipe(program);
    child_process child(spawn(arguments, output.write_end.get(), errors.write_end.get()));
    output.write_end.reset();
    errors.write_end.reset();

    program_result result;
    const auto check_deadline = [&] {
        if (clock::now() >= deadline)
            throw startup_error(fmt::format("{}: killed because it did not end in time", program));
    };
    while (output.read_end || errors.read_end) {
        check_deadline();
        std::array<pollfd, 2> fds{pollfd{output.read_end.get(), POLLIN, 0},
                                  pollfd{errors.read_end.get(), POLLIN, 0}};
        if (::poll(fds.data(), fds.size(), milliseconds_until(deadline)) < 0 && errno != EINTR)
            fail(program, "poll", errno);
        if (fds[0].revents != 0)
            read_some(output.read_end, result.output);
        if (fds[1].revents != 0)
            read_some(errors.read_end, result.errors);
        if (result.output.size() > output_limit)
            throw startup_error(fmt::format("{}: killed because it printed too much", program));
        if (result.errors.size() > 2 * error_tail)
            result.errors.erase(0, result.errors.size() - error_tail);
    }
    // A program ends soon after it has closed its output, so a short sleep is good enough at
    // start-up. It avoids SIGCHLD, and pidfds, which older kernels lack.
    for (;;) {
        if (const auto status = child.try_wait(program)) {
            result.wait_status = *status;
            return result;
        }
        check_deadline();
        const timespec pause{0, 1'000'000};
        ::nanosleep(&pause, nullptr);
    }
}

} // namespace postfix_proto
