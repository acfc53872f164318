#include "catch.hpp"
#include "open_logfile.hpp"
#include "spool.hpp"
#include "whole_snapshot.hpp"

#include "flushd/daemon/log_rewrite.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

using flushd::logfile;

namespace {

constexpr const char* path = logfile_path;

struct spool_with_logfile : spool {
    explicit spool_with_logfile(std::string_view lines) { write(path, lines); }
};

/// A send that has read the logfile, and has let go of it.
struct started_send {
    started_send() {
        file.mark_sent();
        REQUIRE_FALSE(take_snapshot(file, listed));
        file.unlock();
    }
    /// Drops what it has read but for what is to stay. Returns what the logfile says then.
    std::string finish(std::string_view keep) {
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(replace(file, listed, keep));
        file.unlock();
        return spool::content(path);
    }

    logfile file = open_locked(logfile::missing::is_error);
    logfile::snapshot listed;
};

/// Two million bytes, so that it takes several pieces to read and to write them.
std::string many_lines() {
    std::string lines;
    for (int i = 0; i < 200'000; ++i)
        lines += "A" + std::to_string(10'000'000 + i) + '\n';
    REQUIRE(lines.size() == 2'000'000);
    return lines;
}

} // namespace

TEST_CASE("logfile drops what was handled and keeps what was listed since") {
    const spool_with_logfile queue("A1\nB2\nC3\n");
    started_send work;
    CHECK(work.listed.lines == "A1\nB2\nC3\n");

    SECTION("nothing was listed") { CHECK(work.finish("").empty()); }
    SECTION("something could not be moved") { CHECK(work.finish("B2\n") == "B2\n"); }
    SECTION("a little was listed") {
        append("D4");
        CHECK(work.finish("B2\n") == "B2\nD4\n");
    }
    SECTION("more was listed than handled") {
        std::string expected;
        for (int i = 0; i < 20; ++i) {
            const std::string id = "D" + std::to_string(i);
            append(id);
            expected += id + "\n";
        }
        CHECK(work.finish("") == expected);
    }
}

TEST_CASE("logfile keeps an unfinished line that could not be moved apart from the next") {
    const spool_with_logfile queue("A1\nB2");
    started_send work;
    append("C3");
    CHECK(work.finish("B2\n") == "B2\nC3\n");
}

TEST_CASE("logfile leaves alone what another flush service has truncated meanwhile") {
    const spool_with_logfile queue("A1\nB2\n");
    started_send work;

    REQUIRE(::truncate(path, 0) == 0); // as stock does,
    REQUIRE(::utimensat(AT_FDCWD, path, nullptr, 0) == 0);
    SECTION("and fewer IDs came back") {
        append("B2");
        CHECK(work.finish("") == "B2\n");
    }
    SECTION("and other IDs came back") {
        append("C3");
        append("D4");
        CHECK(work.finish("") == "C3\nD4\n");
    }
    SECTION("and the same IDs came back") {
        append("A1");
        append("B2");
        CHECK(work.finish("") == "A1\nB2\n");
    }
}

TEST_CASE("logfile sees through a truncation whatever the times of the file say") {
    // As where time stamps have whole seconds, and two sends come within one.
    const spool_with_logfile queue("A1\nB2\n");
    started_send work;
    struct stat before {};
    REQUIRE(::stat(path, &before) == 0);
    spool::write(path, "A1\nB2\n");
    const timespec times[2] = {before.st_atim, before.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, path, times, 0) == 0);
    CHECK(work.finish("") == "A1\nB2\n");
}

TEST_CASE("logfile does not mind who reads the logfile, or sets its times") {
    const spool_with_logfile queue("A1\nB2\n");
    started_send work;
    SECTION("read") { CHECK(spool::content(path).starts_with("A1\nB2\n")); }
    SECTION("touched") { REQUIRE(::utimensat(AT_FDCWD, path, nullptr, 0) == 0); }
    SECTION("made older") { spool::make_older(path, 5000); }
    CHECK(work.finish("").empty());
}

TEST_CASE("logfile drops what it has read when another flushd has dropped lines before it") {
    const spool_with_logfile queue("A1\nB2\n");
    started_send first;
    append("C3");
    started_send second;
    CHECK(second.listed.lines == "A1\nB2\n" + first.listed.mark + "C3\n");
    append("A1"); // it has been sent, and deferred again

    const std::string keep_first = GENERATE("", "B2\n");
    SECTION("in the order in which they came") {
        CHECK(first.finish(keep_first) == keep_first + "C3\n" + second.listed.mark + "A1\n");
        CHECK(second.finish("C3\n") == "C3\nA1\n");
    }
    SECTION("the other way round") {
        CHECK(second.finish("B2\n") == "B2\nA1\n");
        CHECK(first.finish(keep_first) == "B2\nA1\n");
    }
}

TEST_CASE("logfile finds its mark only as a whole line") {
    const spool_with_logfile queue("A1\n");
    started_send work;
    const auto lines = "A1B2\nX" + work.listed.mark + "C3\n";
    spool::write(path, lines);
    CHECK(work.finish("") == lines);
}

TEST_CASE("logfile marks no logfile in which nothing is listed, and takes old marks out") {
    const spool_with_logfile queue(
        GENERATE("", "flushd_mark_1\n", "flushd_mark_1\nflushd_mark_2\n"));
    const started_send work;
    CHECK(work.listed.lines.empty());
    CHECK(spool::content(path).empty());
    CHECK(work.file.size() == 0);
}

TEST_CASE("logfile drops lines without a mark only if nobody has written since") {
    const std::string before = GENERATE("A1\nB2\n", "A1\nB2");
    const spool_with_logfile queue(before);
    std::optional<started_send> work;
    {
        const file_size_limit full(before.size() + 5); // a part of the mark would fit
        work.emplace();
    }
    CHECK(work->listed.lines == before);
    CHECK(work->listed.mark.empty());
    CHECK(spool::content(path) == before);
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
    CHECK(work->finish("B2\n") == expected);
}

TEST_CASE("logfile reads and rewrites a long list in many pieces") {
    const auto lines = many_lines();
    const spool_with_logfile queue(lines);
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
    const auto lines = many_lines();
    const auto has_line = [](const std::string& text, const std::string& line) {
        return text.starts_with(line) || text.find('\n' + line) != std::string::npos;
    };
    for (int pieces = 0;; ++pieces) {
        spool::write(path, lines);
        started_send work;
        append("B2");
        REQUIRE_FALSE(work.file.try_lock());
        flushd::log_rewrite rewrite(work.file, work.listed,
                                    std::string_view(lines).substr(500'000));
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
