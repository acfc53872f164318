#include "catch.hpp"
#include "spool.hpp"
#include "whole_snapshot.hpp"

#include "flushd/core/sent_note.hpp"
#include "flushd/core/snapshot_mark.hpp"
#include "flushd/daemon/logfile.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#include <csignal>
#include <string>

using flushd::logfile;

namespace {

constexpr const char* path = "flush/customer_tld";

logfile open_locked(logfile::missing when_missing, const std::string& name = path) {
    auto opened = logfile::open(name, when_missing);
    if (const auto* failure = std::get_if<std::error_code>(&opened))
        throw std::system_error(*failure, name);
    auto& file = std::get<logfile>(opened);
    REQUIRE_FALSE(file.try_lock());
    return std::move(file);
}

std::error_code error_of_open(logfile::missing when_missing, const std::string& name = path) {
    auto opened = logfile::open(name, when_missing);
    const auto* failure = std::get_if<std::error_code>(&opened);
    return failure != nullptr ? *failure : std::error_code();
}

void append(std::string_view id) {
    REQUIRE_FALSE(open_locked(logfile::missing::is_created).append(std::string(id) + "\n"));
}

/// While it lives, files cannot grow beyond `size` bytes.
class file_size_limit {
public:
    explicit file_size_limit(rlim_t size) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{size, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    file_size_limit(const file_size_limit&) = delete;
    file_size_limit& operator=(const file_size_limit&) = delete;
    ~file_size_limit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

} // namespace

TEST_CASE("logfile appends a line for each queue ID and makes the file private") {
    const spool queue;
    append("A1");
    append("B2");
    CHECK(spool::content(path) == "A1\nB2\n");
    struct stat status {};
    REQUIRE(::stat(path, &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600U);
}

TEST_CASE("logfile makes the directories of a hashed flush queue") {
    const spool queue;
    const auto file = open_locked(logfile::missing::is_created, "flush/c/u/customer_tld");
    CHECK(std::filesystem::exists("flush/c/u/customer_tld"));
}

TEST_CASE("logfile completes an unfinished last line, so that no two IDs run into each other") {
    const spool queue;
    spool::write(path, "A1\nB2");
    append("C3");
    CHECK(spool::content(path) == "A1\nB2\nC3\n");
}

TEST_CASE("logfile looks at the last line without making the logfile look read") {
    const spool queue;
    append("A1");
    spool::make_older(path, 5000);
    struct stat before {};
    REQUIRE(::stat(path, &before) == 0);
    append("B2");
    struct stat after {};
    REQUIRE(::stat(path, &after) == 0);
    CHECK(before.st_atim.tv_sec == after.st_atim.tv_sec);
    CHECK(before.st_mtim.tv_sec < after.st_mtim.tv_sec);
}

TEST_CASE("logfile leaves no part of a line behind when the disk is full") {
    const spool queue;
    append("A1");
    {
        const file_size_limit limit(5); // room for two of the next line's three bytes
        auto file = open_locked(logfile::missing::is_created);
        CHECK(file.append("B2\n") == std::errc::file_too_large);
    }
    CHECK(spool::content(path) == "A1\n");
    append("B2");
    CHECK(spool::content(path) == "A1\nB2\n");
}

TEST_CASE("logfile opens and locks only regular files") {
    const spool queue;
    CHECK(error_of_open(logfile::missing::is_error) == std::errc::no_such_file_or_directory);
    std::filesystem::create_directory(path);
    CHECK(error_of_open(logfile::missing::is_created) == std::errc::is_a_directory);
    CHECK(error_of_open(logfile::missing::is_error) == std::errc::is_a_directory);
    std::filesystem::remove(path);
    REQUIRE(::mkfifo(path, 0600) == 0);
    auto fifo = logfile::open(path, logfile::missing::is_created);
    CHECK(std::get<logfile>(fifo).try_lock() == std::errc::invalid_argument);
}

TEST_CASE("logfile does not wait for a lock") {
    const spool queue;
    append("A1");
    const auto holder = open_locked(logfile::missing::is_error);
    auto opened = logfile::open(path, logfile::missing::is_created);
    auto& other = std::get<logfile>(opened);
    CHECK(other.try_lock() == std::errc::resource_unavailable_try_again);
}

TEST_CASE("logfile drops what was handled and keeps what was listed since") {
    const spool queue;
    spool::write(path, "A1\nB2\nC3\n");
    auto file = open_locked(logfile::missing::is_error);
    logfile::snapshot listed;
    file.mark_sent();
    REQUIRE_FALSE(take_snapshot(file, listed));
    CHECK(listed.lines == "A1\nB2\nC3\n");
    file.unlock();

    SECTION("nothing was listed") {
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(replace(file, listed, ""));
        CHECK(spool::content(path).empty());
    }
    SECTION("something could not be moved") {
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(replace(file, listed, "B2\n"));
        CHECK(spool::content(path) == "B2\n");
    }
    SECTION("a little was listed") {
        append("D4");
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(replace(file, listed, "B2\n"));
        CHECK(spool::content(path) == "B2\nD4\n");
    }
    SECTION("more was listed than handled") {
        std::string expected;
        for (int i = 0; i < 20; ++i) {
            const std::string id = "D" + std::to_string(i);
            append(id);
            expected += id + "\n";
        }
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(replace(file, listed, ""));
        CHECK(spool::content(path) == expected);
    }
}

TEST_CASE("logfile keeps an unfinished line that could not be moved apart from the next") {
    const spool queue;
    spool::write(path, "A1\nB2");
    auto file = open_locked(logfile::missing::is_error);
    logfile::snapshot listed;
    file.mark_sent();
    REQUIRE_FALSE(take_snapshot(file, listed));
    file.unlock();
    append("C3");
    REQUIRE_FALSE(file.try_lock());
    REQUIRE_FALSE(replace(file, listed, "B2\n"));
    CHECK(spool::content(path) == "B2\nC3\n");
}

TEST_CASE("logfile leaves alone what another flush service has truncated meanwhile") {
    const spool queue;
    spool::write(path, "A1\nB2\n");
    auto file = open_locked(logfile::missing::is_error);
    logfile::snapshot listed;
    file.mark_sent();
    REQUIRE_FALSE(take_snapshot(file, listed));
    file.unlock();

    REQUIRE(::truncate(path, 0) == 0); // as stock does,
    REQUIRE(::utimensat(AT_FDCWD, path, nullptr, 0) == 0);
    SECTION("and fewer IDs came back") {
        append("B2");
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(replace(file, listed, ""));
        CHECK(spool::content(path) == "B2\n");
    }
    SECTION("and other IDs came back") {
        append("C3");
        append("D4");
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(replace(file, listed, ""));
        CHECK(spool::content(path) == "C3\nD4\n");
    }
    SECTION("and the same IDs came back") {
        append("A1");
        append("B2");
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(replace(file, listed, ""));
        CHECK(spool::content(path) == "A1\nB2\n");
    }
}

TEST_CASE("logfile sees through a truncation whatever the times of the file say") {
    // As where time stamps have whole seconds, and two sends come within one.
    const spool queue;
    spool::write(path, "A1\nB2\n");
    auto file = open_locked(logfile::missing::is_error);
    logfile::snapshot listed;
    REQUIRE_FALSE(take_snapshot(file, listed));
    file.unlock();
    struct stat before {};
    REQUIRE(::stat(path, &before) == 0);
    spool::write(path, "A1\nB2\n");
    const timespec times[2] = {before.st_atim, before.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, path, times, 0) == 0);
    REQUIRE_FALSE(file.try_lock());
    CHECK_FALSE(replace(file, listed, ""));
    CHECK(spool::content(path) == "A1\nB2\n");
}

TEST_CASE("logfile does not mind who reads the logfile, or sets its times") {
    const spool queue;
    spool::write(path, "A1\nB2\n");
    auto file = open_locked(logfile::missing::is_error);
    logfile::snapshot listed;
    REQUIRE_FALSE(take_snapshot(file, listed));
    file.unlock();
    SECTION("read") { CHECK(spool::content(path).starts_with("A1\nB2\n")); }
    SECTION("touched") { REQUIRE(::utimensat(AT_FDCWD, path, nullptr, 0) == 0); }
    SECTION("made older") { spool::make_older(path, 5000); }
    REQUIRE_FALSE(file.try_lock());
    CHECK_FALSE(replace(file, listed, ""));
    CHECK(spool::content(path).empty());
}

TEST_CASE("logfile drops what it has read when another flushd has dropped lines before it") {
    const spool queue;
    spool::write(path, "A1\nB2\n");
    auto first = open_locked(logfile::missing::is_error);
    logfile::snapshot read_first;
    REQUIRE_FALSE(take_snapshot(first, read_first));
    first.unlock();
    append("C3");
    auto second = open_locked(logfile::missing::is_error);
    logfile::snapshot read_then;
    REQUIRE_FALSE(take_snapshot(second, read_then));
    CHECK(read_then.lines == "A1\nB2\n" + read_first.mark + "C3\n");
    second.unlock();
    append("A1"); // it has been sent, and deferred again

    const std::string keep_first = GENERATE("", "B2\n");
    SECTION("in the order in which they came") {
        REQUIRE_FALSE(first.try_lock());
        CHECK_FALSE(replace(first, read_first, keep_first));
        CHECK(spool::content(path) == keep_first + "C3\n" + read_then.mark + "A1\n");
        first.unlock();
        REQUIRE_FALSE(second.try_lock());
        CHECK_FALSE(replace(second, read_then, "C3\n"));
        CHECK(spool::content(path) == "C3\nA1\n");
    }
    SECTION("the other way round") {
        REQUIRE_FALSE(second.try_lock());
        CHECK_FALSE(replace(second, read_then, "B2\n"));
        second.unlock();
        REQUIRE_FALSE(first.try_lock());
        CHECK_FALSE(replace(first, read_first, keep_first));
        CHECK(spool::content(path) == "B2\nA1\n");
    }
}

TEST_CASE("logfile finds its mark only as a whole line") {
    const spool queue;
    spool::write(path, "A1\n");
    auto file = open_locked(logfile::missing::is_error);
    logfile::snapshot listed;
    REQUIRE_FALSE(take_snapshot(file, listed));
    spool::write(path, "A1B2\nX" + listed.mark + "C3\n");
    REQUIRE_FALSE(file.try_lock());
    CHECK_FALSE(replace(file, listed, ""));
    CHECK(spool::content(path) == "A1B2\nX" + listed.mark + "C3\n");
}

TEST_CASE("logfile marks no logfile in which nothing is listed, and takes old marks out") {
    const spool queue;
    spool::write(path, GENERATE("", "flushd_mark_1\n", "flushd_mark_1\nflushd_mark_2\n"));
    auto file = open_locked(logfile::missing::is_error);
    logfile::snapshot listed;
    REQUIRE_FALSE(take_snapshot(file, listed));
    CHECK(listed.lines.empty());
    CHECK(spool::content(path).empty());
    CHECK(file.size() == 0);
}

TEST_CASE("logfile drops lines without a mark only if nobody has written since") {
    const spool queue;
    const std::string before = GENERATE("A1\nB2\n", "A1\nB2");
    spool::write(path, before);
    auto file = open_locked(logfile::missing::is_error);
    logfile::snapshot listed;
    {
        const file_size_limit full(before.size() + 5); // a part of the mark would fit
        REQUIRE_FALSE(take_snapshot(file, listed));
    }
    CHECK(listed.lines == before);
    CHECK(listed.mark.empty());
    CHECK(spool::content(path) == before);
    file.unlock();
    std::string expected;
    SECTION("nobody has") { expected = "B2\n"; }
    SECTION("somebody has read it") {
        expected = "B2\n";
        REQUIRE(spool::content(path) == before);
    }
    SECTION("something has been listed") {
        append("C3");
        expected = "A1\nB2\nC3\n";
    }
    SECTION("it has been sent, and looks the same") {
        REQUIRE(::truncate(path, 0) == 0);
        std::ofstream(path) << before;
        expected = before;
    }
    REQUIRE_FALSE(file.try_lock());
    CHECK_FALSE(replace(file, listed, "B2\n"));
    CHECK(spool::content(path) == expected);
}

TEST_CASE("logfile reads and rewrites a long list in many pieces") {
    const spool queue;
    std::string lines;
    for (int i = 0; i < 200'000; ++i)
        lines += "A" + std::to_string(10'000'000 + i) + '\n';
    REQUIRE(lines.size() == 2'000'000);
    spool::write(path, lines);
    auto file = open_locked(logfile::missing::is_error);
    logfile::snapshot listed;
    int pieces = 1;
    while (!file.take_snapshot(listed, std::chrono::seconds(0)))
        ++pieces;
    CHECK(pieces > 1);
    CHECK(listed.lines == lines);
    file.unlock();
    append("B2");
    REQUIRE_FALSE(file.try_lock());
    const std::string keep = lines.substr(GENERATE(0U, 10U, 1'500'000U));
    flushd::log_rewrite rewrite(file, listed, keep);
    pieces = 1;
    while (!rewrite.go_on(std::chrono::seconds(0)))
        ++pieces;
    CHECK(pieces > 1);
    CHECK(spool::content(path) == keep + "B2\n");
}

TEST_CASE("logfile leaves all that is to stay behind wherever it is interrupted") {
    const spool queue;
    std::string lines;
    for (int i = 0; i < 200'000; ++i)
        lines += "A" + std::to_string(10'000'000 + i) + '\n';
    const auto has_line = [](const std::string& text, const std::string& line) {
        return text.starts_with(line) || text.find('\n' + line) != std::string::npos;
    };
    for (int pieces = 0;; ++pieces) {
        spool::write(path, lines);
        auto file = open_locked(logfile::missing::is_error);
        logfile::snapshot listed;
        REQUIRE_FALSE(take_snapshot(file, listed));
        file.unlock();
        append("B2");
        REQUIRE_FALSE(file.try_lock());
        flushd::log_rewrite rewrite(file, listed, std::string_view(lines).substr(500'000));
        logfile::outcome done;
        for (int i = 0; i < pieces && !done; ++i)
            done = rewrite.go_on(std::chrono::seconds(0));
        const auto left = spool::content(path);
        INFO(pieces);
        CHECK(has_line(left, "B2\n"));
        for (const int i : {60'000, 100'000, 199'999})
            CHECK(has_line(left, "A" + std::to_string(10'000'000 + i) + '\n'));
        if (done)
            break;
    }
}

TEST_CASE("logfile notes when it was sent where reading does not change it") {
    const spool queue;
    spool::write(path, "A1\n");
    auto file = open_locked(logfile::missing::is_error);
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    const auto none = flushd::sent_time(fd);
    REQUIRE(std::holds_alternative<std::error_code>(none));
    if (std::get<std::error_code>(none) == std::errc::not_supported) {
        WARN("no extended attributes here");
        ::close(fd);
        return;
    }
    CHECK(std::get<std::error_code>(none) == std::errc::no_message_available);
    const auto before = std::time(nullptr);
    file.mark_sent();
    const auto sent = std::get<timespec>(flushd::sent_time(fd));
    CHECK(sent.tv_sec >= before);
    struct stat status {};
    REQUIRE(::fstat(fd, &status) == 0);
    CHECK((status.st_atim.tv_sec == sent.tv_sec && status.st_atim.tv_nsec == sent.tv_nsec));
    REQUIRE(::utimensat(AT_FDCWD, path, nullptr, 0) == 0);
    CHECK(std::get<timespec>(flushd::sent_time(fd)).tv_nsec == sent.tv_nsec);
    // Whoever owns the file may have written anything.
    for (const std::string text : {"", "1", "1.", ".5", "x", "1.2x", "1.1000000000", "1.-1"}) {
        REQUIRE(::setxattr(path, "user.flushd.sent", text.data(), text.size(), 0) == 0);
        INFO(text);
        CHECK(std::holds_alternative<std::error_code>(flushd::sent_time(fd)));
    }
    ::close(fd);
}

TEST_CASE("logfile removes an empty logfile only when it is old, and still that file") {
    const spool queue;
    spool::write(path, "");
    spool::make_older(path, 1000);
    const std::time_t now = std::time(nullptr);
    auto file = open_locked(logfile::missing::is_error);
    std::error_code failure;
    SECTION("it is") {
        CHECK_FALSE(file.remove_if_empty_since(now - 2000, failure));
        CHECK(file.remove_if_empty_since(now - 500, failure));
        REQUIRE_FALSE(file.try_lock());
        CHECK(file.unlinked());
        CHECK_FALSE(std::filesystem::exists(path));
    }
    SECTION("something has been listed") {
        spool::write(path, "A1\n");
        spool::make_older(path, 1000);
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(file.remove_if_empty_since(now - 500, failure));
        CHECK(std::filesystem::exists(path));
    }
    SECTION("another file has its name") {
        std::filesystem::remove(path);
        spool::write(path, "A1\n");
        CHECK_FALSE(file.remove_if_empty_since(now - 500, failure));
        CHECK(spool::content(path) == "A1\n");
    }
}
