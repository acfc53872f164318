#include "catch.hpp"
#include "datagram_server.hpp"
#include "environment_guard.hpp"
#include "matchers.hpp"
#include "process_tag.hpp"
#include "temporary_directory.hpp"

#include "postfix_proto/postlog_sink.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

using namespace postfix_proto;
using Catch::Matchers::EndsWith;

TEST_CASE("postlog_record is made as postlogd expects it") {
    const environment_guard zone("TZ", "UTC0");
    ::tzset();
    const std::time_t when = 1785888009; // 2026-08-05 00:00:09 UTC
    CHECK(postlog_record(when, "mx.example.org", "postfix/flush", 7, severity::info, "text") ==
          "Aug 05 00:00:09 mx postfix/flush[7]: text");
    CHECK(postlog_record(0, "mx", "postfix/flush", 7, severity::warning, "text") ==
          "Jan 01 00:00:00 mx postfix/flush[7]: warning: text");
    CHECK(postlog_record(0, "", "a", 7, severity::panic, "") == "Jan 01 00:00:00  a[7]: panic: ");
}

TEST_CASE("postlog_record limits the text and leaves UTF-8 whole") {
    const auto record = [](const std::string& text) {
        return postlog_record(0, "mx", "a", 7, severity::fatal, text);
    };
    CHECK_THAT(record(std::string(2000, 'x') + "y"),
               EndsWith(": fatal: " + std::string(2000, 'x')));
    CHECK_THAT(record(std::string(1999, 'x') + "\xc3\xa9"), EndsWith(std::string(1999, 'x')));
    CHECK_THAT(record(std::string(1998, 'x') + "\xc3\xa9!"), EndsWith("x\xc3\xa9"));
}

TEST_CASE("postlog_sink sends one datagram a record") {
    const temporary_directory directory;
    datagram_server server(directory.file("postlog"));
    postlog_sink sink("postfix/flush", "mx.example", directory.file("postlog"));
    sink.write(severity::info, "first");
    sink.write(severity::error, "second");
    CHECK_THAT(server.receive().value_or(""),
               EndsWith(" mx " + process_tag("postfix/flush") + "first"));
    CHECK_THAT(server.receive().value_or(""),
               EndsWith(" mx " + process_tag("postfix/flush") + "error: second"));
    CHECK_FALSE(server.receive());
    CHECK(sink.lost() == 0);
}

TEST_CASE("postlog_sink counts what it loses and connects when the socket appears") {
    const temporary_directory directory;
    postlog_sink sink("a", "mx", directory.file("postlog"));
    sink.write(severity::fatal, "nobody is there");
    CHECK(sink.lost() == 1);
    {
        datagram_server server(directory.file("postlog"));
        sink.write(severity::info, "found");
        CHECK_THAT(server.receive().value_or(""),
                   EndsWith(": warning: " + directory.file("postlog") +
                            ": 1 log record lost: not accepted in time"));
        CHECK_THAT(server.receive().value_or(""), EndsWith("found"));
    }
    sink.write(severity::info, "gone");
    CHECK(sink.lost() == 2);
    std::filesystem::remove(directory.file("postlog"));
    datagram_server server(directory.file("postlog"));
    sink.write(severity::info, "found again");
    CHECK_THAT(server.receive().value_or(""), contains_text(": 1 log record lost"));
    CHECK_THAT(server.receive().value_or(""), EndsWith("found again"));
    CHECK(sink.lost() == 2);
}

TEST_CASE("postlog_sink finds the socket from the queue directory, as in a chroot jail") {
    const temporary_directory directory;
    std::filesystem::create_directory(directory.path() / "public");
    const auto old_cwd = std::filesystem::current_path();
    std::filesystem::current_path(directory.path());
    datagram_server server("public/postlog");
    postlog_sink sink("a", "mx", "/no/such/spool/public/postlog");
    sink.write(severity::info, "here");
    std::filesystem::current_path(old_cwd);
    CHECK_THAT(server.receive().value_or(""), EndsWith("here"));
}

TEST_CASE("postlog_sink goes on when postlogd does not read") {
    const temporary_directory directory;
    datagram_server server(directory.file("postlog"));
    postlog_sink sink("a", "mx", directory.file("postlog"));
    // More than any socket buffer holds: that the loop ends is what is tested.
    const std::string text(2000, 'x');
    for (int i = 0; i < 2000; ++i)
        sink.write(severity::info, text);
    CHECK(sink.lost() > 0);
    while (server.receive())
        ;
    const auto lost = sink.lost();
    sink.write(severity::info, "again");
    CHECK_THAT(server.receive().value_or(""),
               EndsWith(fmt::format("postlog: {} log records lost: not accepted in time", lost)));
    CHECK_THAT(server.receive().value_or(""), EndsWith("again"));
    sink.write(severity::info, "and again");
    CHECK_THAT(server.receive().value_or(""), EndsWith("and again"));
    CHECK_FALSE(server.receive());
    CHECK(sink.lost() == lost);
}

TEST_CASE("postlog_sink loses nothing when postlogd is slow, and less than all that it waits for") {
    const temporary_directory directory;
    datagram_server server(directory.file("postlog"));
    postlog_sink sink("a", "mx", directory.file("postlog"));
    // More than fits, to a reader that begins a little later and then reads all.
    std::atomic<bool> is_done = false;
    std::size_t read = 0;
    std::thread reader([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        while (!is_done || server.wait(0)) {
            if (server.wait(10) && server.receive())
                ++read;
        }
    });
    const std::string text(2000, 'x');
    constexpr std::size_t count = 1000;
    for (std::size_t i = 0; i < count; ++i)
        sink.write(severity::info, text);
    is_done = true;
    reader.join();
    // A busy machine may let the reader wait for longer than a record does, but then it is counted.
    CHECK(read + sink.lost() >= count);
    CHECK(sink.lost() < count);
}

TEST_CASE(
    "postlog_sink has last words when postlogd comes back, though no other record would wait") {
    const temporary_directory directory;
    datagram_server server(directory.file("postlog"));
    postlog_sink sink("a", "mx", directory.file("postlog"));
    const std::string text(2000, 'x');
    while (sink.lost() < 10)
        sink.write(severity::info, text);
    std::string last;
    std::atomic<bool> is_done = false;
    std::thread reader([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        while (!is_done || server.wait(0)) {
            if (server.wait(10))
                last = server.receive().value_or(last);
        }
    });
    sink.write(severity::fatal, "watchdog timeout");
    is_done = true;
    reader.join();
    CHECK_THAT(last, EndsWith("fatal: watchdog timeout"));
    CHECK(sink.lost() == 10);
}
