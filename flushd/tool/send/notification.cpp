#include "flushd/tool/send/notification.hpp"

#include "flushd/tool/send/verdict_json.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace flushd::tool {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::minutes patience{1};
constexpr std::chrono::milliseconds pause{20};

using variables = std::vector<std::pair<std::string, std::string>>;

variables variables_of(const verdict& all) {
    message_watch::counts sum;
    std::string names;
    for (const auto& one : all.destinations) {
        sum += one.counts;
        names += (names.empty() ? "" : " ") + one.name;
    }
    return {{"FLUSHD_STATUS", std::string(word_of(all.result))},
            {"FLUSHD_EXIT_STATUS", std::to_string(all.exit_status)},
            {"FLUSHD_SUMMARY", summarise(all)},
            {"FLUSHD_DESTINATIONS", names},
            {"FLUSHD_MESSAGES", std::to_string(sum.all())},
            {"FLUSHD_DELIVERED", std::to_string(sum.delivered + sum.left)},
            {"FLUSHD_BOUNCED", std::to_string(sum.bounced)},
            {"FLUSHD_DEFERRED", std::to_string(sum.deferred)}};
}

/// In the child. A file, and not a pipe: the command may end without reading it.
[[noreturn]] void run_shell(const notification& how, int input) {
    if (::dup2(input, STDIN_FILENO) < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
        ::chdir(how.directory.c_str()) < 0)
        ::_exit(126);
    ::execl("/bin/sh", "sh", "-c", how.command.c_str(), static_cast<char*>(nullptr));
    ::_exit(126);
}

void complain(const std::string& text) { fmt::print(stderr, "flushd: --notify: {}\n", text); }

void wait_for(pid_t child) {
    const auto end = clock::now() + patience;
    int status = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(child, &status, WNOHANG)) == 0 && clock::now() < end)
        std::this_thread::sleep_for(pause);
    if (ended == 0)
        complain("the command has run for a minute and goes on");
    else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        complain(fmt::format("the command ended with exit status {}", WEXITSTATUS(status)));
    else if (WIFSIGNALED(status))
        complain(fmt::format("the command was ended by signal {}", WTERMSIG(status)));
}

} // namespace

void notify(const notification& how, const verdict& all) {
    const postfix_proto::file_descriptor input(::memfd_create("verdict", MFD_CLOEXEC));
    const auto text = result_line(all);
    if (!input || postfix_proto::write_at(input.get(), 0, text)) {
        complain(postfix_proto::errno_text(errno));
        return;
    }
    for (const auto& [name, value] : variables_of(all))
        ::setenv(name.c_str(), value.c_str(), 1);
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child == 0)
        run_shell(how, input.get());
    if (child < 0)
        complain(postfix_proto::errno_text(errno));
    else
        wait_for(child);
}

} // namespace flushd::tool
