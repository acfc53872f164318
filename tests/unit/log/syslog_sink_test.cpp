#include "catch.hpp"
#include "datagram_server.hpp"
#include "environment_guard.hpp"
#include "fake_service.hpp"
#include "matchers.hpp"
#include "process_tag.hpp"
#include "temporary_directory.hpp"

#include "postfix_proto/syslog_sink.hpp"

#include <fmt/format.h>

#include <syslog.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <future>
#include <optional>
#include <thread>

using namespace postfix_proto;
using Catch::Matchers::EndsWith;

TEST_CASE("syslog_record is what syslog(3) sends") {
    const environment_guard zone("TZ", "UTC0");
    ::tzset();
    const std::time_t when = 1785888009; // 2026-08-05 00:00:09 UTC
    CHECK(syslog_record(when, LOG_MAIL, "postfix/flush", 7, severity::info, "text") ==
          "<22>Aug  5 00:00:09 postfix/flush[7]: text");
    CHECK(syslog_record(when + 20 * 86400, LOG_LOCAL7, "postfix/flush", 7, severity::warning,
                        "text") == "<188>Aug 25 00:00:09 postfix/flush[7]: warning: text");
    CHECK_THAT(syslog_record(0, LOG_MAIL, "a", 7, severity::fatal, std::string(2001, 'x')),
               EndsWith(": fatal: " + std::string(2000, 'x')));
}

TEST_CASE("syslog_sink sends one datagram a record") {
    const temporary_directory directory;
    datagram_server server(directory.file("log"));
    syslog_sink sink("postfix/flush", "mail", directory.file("log"));
    sink.write(severity::info, "first");
    sink.write(severity::panic, "second");
    auto record = server.receive().value_or("");
    CHECK_THAT(record, EndsWith(" " + process_tag("postfix/flush") + "first"));
    CHECK(record.substr(0, 4) == "<22>");
    record = server.receive().value_or("");
    CHECK_THAT(record, EndsWith(" " + process_tag("postfix/flush") + "panic: second"));
    CHECK(record.substr(0, 4) == "<18>");
    CHECK_FALSE(server.receive());
}

TEST_CASE("syslog_sink keeps its connection when the socket's name has gone, as in a jail") {
    const temporary_directory directory;
    datagram_server server(directory.file("log"));
    syslog_sink sink("a", "mail", directory.file("log"));
    std::filesystem::remove(directory.file("log"));
    sink.write(severity::info, "here");
    CHECK_THAT(server.receive().value_or(""), EndsWith("here"));
    CHECK(sink.lost() == 0);
}

TEST_CASE("syslog_sink finds a logger that was started anew, and says what was lost meanwhile") {
    const temporary_directory directory;
    std::optional<datagram_server> server(directory.file("log"));
    syslog_sink sink("a", "mail", directory.file("log"));
    server.reset();
    sink.write(severity::info, "nobody is there");
    sink.write(severity::info, "nor now");
    std::filesystem::remove(directory.file("log"));
    server.emplace(directory.file("log"));
    sink.write(severity::info, "found");
    CHECK_THAT(server->receive().value_or(""),
               EndsWith("warning: " + directory.file("log") +
                        ": 2 log records lost: not accepted in time"));
    CHECK_THAT(server->receive().value_or(""), EndsWith("found"));
}

TEST_CASE("syslog_sink goes on when the logger does not read") {
    const temporary_directory directory;
    datagram_server server(directory.file("log"));
    syslog_sink sink("a", "mail", directory.file("log"));
    // More than any socket buffer holds: that the loop ends is what is tested.
    const std::string text(2000, 'x');
    for (int i = 0; i < 2000; ++i)
        sink.write(severity::info, text);
    CHECK(sink.lost() > 0);
    while (server.receive())
        ;
    sink.write(severity::info, "again");
    CHECK_THAT(server.receive().value_or(""),
               EndsWith(fmt::format("{} log records lost: not accepted in time", sink.lost())));
    CHECK_THAT(server.receive().value_or(""), EndsWith("again"));
}

TEST_CASE("syslog_sink ends each record with a NUL where the logger has a stream") {
    const temporary_directory directory;
    std::promise<std::string> told;
    std::optional<syslog_sink> sink;
    const fake_service service(directory.file("log"), [&](const fake_client& client) {
        told.set_value(client.hear(4000)); // to the end
    });
    sink.emplace("a", "mail", directory.file("log"));
    sink->write(severity::info, "first");
    sink->write(severity::info, "second");
    sink.reset();
    const auto heard = told.get_future().get();
    const auto end_of_first = heard.find('\0');
    REQUIRE(end_of_first != std::string::npos);
    CHECK_THAT(heard.substr(0, end_of_first), EndsWith(process_tag("a") + "first"));
    CHECK_THAT(heard, EndsWith(process_tag("a") + "second" + std::string(1, '\0')));
}

TEST_CASE("syslog_sink goes on when a stream's reader does not read") {
    const temporary_directory directory;
    std::atomic<bool> may_end = false;
    const fake_service service(directory.file("log"), [&](const fake_client&) {
        while (!may_end)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    syslog_sink sink("a", "mail", directory.file("log"));
    const std::string text(2000, 'x');
    for (int i = 0; i < 2000; ++i)
        sink.write(severity::info, text);
    CHECK(sink.lost() > 0);
    may_end = true;
}
