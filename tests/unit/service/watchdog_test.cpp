#include "catch.hpp"

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/watchdog.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <future>
#include <string>

using namespace postfix_proto;
using namespace std::chrono_literals;

TEST_CASE("watchdog_steps gives up after three steps in a row without a pat") {
    watchdog_steps steps;
    CHECK_FALSE(steps.missed_too_many(1));
    CHECK_FALSE(steps.missed_too_many(1));
    CHECK_FALSE(steps.missed_too_many(1));
    CHECK_FALSE(steps.missed_too_many(2));
    CHECK_FALSE(steps.missed_too_many(2));
    CHECK_FALSE(steps.missed_too_many(2));
    CHECK(steps.missed_too_many(2));
    CHECK_FALSE(steps.missed_too_many(9));
}

TEST_CASE("watchdog expires when it is never patted") {
    std::promise<void> expired;
    bool reported = false;
    {
        watchdog dog(
            30ms, [&](severity, std::string_view) { reported = true; },
            [&] { expired.set_value(); });
        expired.get_future().wait();
        dog.pat();
    }
    CHECK_FALSE(reported);
}

TEST_CASE("watchdog stops when it is destroyed") {
    bool expired = false;
    {
        watchdog dog(10h, {}, [&] { expired = true; });
        dog.pat();
    }
    CHECK_FALSE(expired);
}

TEST_CASE("watchdog begins anew after it was stopped") {
    std::promise<void> expired;
    watchdog dog(10h, {}, [] {});
    dog.stop();
    dog.stop();
    watchdog other(60ms, {}, [&] { expired.set_value(); });
    other.stop();
    other.start();
    expired.get_future().wait();
    dog.start();
}

#if !defined(__SANITIZE_THREAD__) // which does not take threads in a forked child
namespace {

/// What a child process with a watchdog reports, and its wait status.
std::pair<std::string, int> run_in_child(bool report_hangs) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const file_descriptor reader(ends[0]);
    file_descriptor writer(ends[1]);
    const pid_t pid = ::fork();
    if (pid == 0) {
        const watchdog dog(30ms, [&](severity level, std::string_view text) {
            const auto line = fmt::format("{}: {}", severity_label(level), text);
            [[maybe_unused]] const auto n = ::write(writer.get(), line.data(), line.size());
            if (report_hangs) {
                ::alarm(1); // rather than five seconds
                for (;;)
                    ::pause();
            }
        });
        for (;;)
            ::pause();
    }
    writer.reset();
    std::array<char, 64> buffer{};
    const auto n = ::read(reader.get(), buffer.data(), buffer.size());
    int status = 0;
    ::waitpid(pid, &status, 0);
    return {std::string(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))), status};
}

} // namespace

TEST_CASE("watchdog reports and ends the process with status 1") {
    const auto [text, status] = run_in_child(false);
    CHECK(text == "fatal: watchdog timeout");
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 1);
}

TEST_CASE("watchdog ends the process even when the report hangs") {
    const auto [text, status] = run_in_child(true);
    CHECK(text == "fatal: watchdog timeout");
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGALRM);
}
#endif
