#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "fake_service.hpp"
#include "postfix_proto/run_blocking.hpp"
#include "postfix_proto/trigger.hpp"
#include "recording_sink.hpp"
#include "temporary_directory.hpp"

#include "spool.hpp"

#include <boost/asio/co_spawn.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <optional>
#include <vector>

using namespace postfix_proto;
using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

struct fixture {
    temporary_directory dir;
    std::string path = dir.file("qmgr");

    [[nodiscard]] auto send(std::chrono::milliseconds limit = 5s) const {
        return send_trigger(qmgr_request::scan_deferred, path, limit);
    }
};

} // namespace

TEST_CASE("a trigger reaches a socket before its sender goes on") {
    fixture f;
    std::string heard;
    {
        const fake_service service(f.path, [&](const fake_client& client) {
            std::this_thread::sleep_for(50ms); // and the connection is still there
            heard = client.hear(2);
        });
        CHECK_FALSE(f.send());
    }
    CHECK(heard == "D\0"s);
}

TEST_CASE("a trigger reaches a FIFO") {
    fixture f;
    REQUIRE(::mkfifo(f.path.c_str(), 0600) == 0);
    const file_descriptor reader(::open(f.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    CHECK_FALSE(f.send());
    std::array<char, 10> buffer{};
    CHECK(::read(reader.get(), buffer.data(), buffer.size()) == 1);
    CHECK(buffer[0] == 'D');
}

TEST_CASE("a trigger that nobody takes has a reason") {
    fixture f;
    auto why = service_failure::reason::unreachable;
    std::chrono::milliseconds limit = 5s;
    std::optional<fake_service> service;
    std::string text;
    SECTION("no path") { text = "connect to " + f.path + ": No such file or directory"; }
    SECTION("nobody listens at the socket") {
        fake_service(f.path, [](const fake_client&) {}); // and has gone
        text = "connect to " + f.path + ": Connection refused";
    }
    SECTION("nobody reads the FIFO") {
        REQUIRE(::mkfifo(f.path.c_str(), 0600) == 0);
        text = "connect to " + f.path + ": No such device or address";
    }
    SECTION("neither") {
        f.dir.write("qmgr", "");
        text = "connect to " + f.path + ": Connection refused";
    }
    SECTION("a service that is silent") {
        service.emplace(f.path, [](const fake_client& client) { client.wait(); });
        limit = 0s;
        why = service_failure::reason::timed_out;
        text = " timeout on " + f.path;
    }
    const auto failure = f.send(limit);
    REQUIRE(failure);
    CHECK(failure->why == why);
    CHECK(failure->text.find(text) != std::string::npos);
}

namespace {

/// A service that sends triggers, in one thread with the queue manager's end.
struct running_service {
    spool queue; // qmgr takes nothing until it is told to
    recorded_log lines;
    logger log{lines.sink()};
    boost::asio::io_context context{1};
    work_in_hand work;
    trigger_sender triggers{context, "public/qmgr", 10s, work, log};
    std::vector<std::optional<bool>> results;

    explicit running_service(std::size_t most = 5000) { results.reserve(most); }

    void send(qmgr_requests requests) {
        auto& result = results.emplace_back();
        boost::asio::co_spawn(context, triggers.send(requests),
                              [&result](const std::exception_ptr& failure, bool success) {
                                  CHECK_FALSE(failure);
                                  result = success;
                              });
        poll();
    }
    void poll() {
        context.restart();
        context.poll();
    }
    std::string take() {
        auto taken = queue.take_triggers();
        poll();
        return taken;
    }
};

} // namespace

TEST_CASE("while a service is stopped, one trigger of a kind waits for it") {
    running_service f;
    for (int i = 0; i < 2500; ++i) {
        f.send(qmgr_request::flush_dead);
        f.send(qmgr_request::scan_incoming);
    }
    CHECK(std::count(f.results.begin(), f.results.end(), true) == 5000);
    CHECK(f.work.count() == 2);
    CHECK(f.take() == "FI");
    CHECK_FALSE(f.work.any());
    CHECK(f.lines.lines().empty());
}

TEST_CASE("a trigger that has been read does not stand for a later one") {
    running_service f;
    f.send(qmgr_request::scan_incoming);
    CHECK(f.take() == "I");
    f.send(qmgr_request::scan_incoming);
    CHECK(f.take() == "I");

    // Read, and the connection is still open: the queue manager may have looked already.
    f.send(qmgr_request::scan_incoming);
    auto reading = f.queue.accept_and_read();
    f.send(qmgr_request::scan_incoming);
    CHECK(f.work.count() == 2);
    CHECK(f.take() == "I");
    reading.connection.reset();
    f.poll();
    CHECK_FALSE(f.work.any());
}

TEST_CASE("requests that are to be applied together travel together") {
    running_service f;
    CHECK((qmgr_request::scan_incoming | qmgr_request::flush_dead).letters() == "FI");
    f.send(qmgr_request::scan_incoming);
    f.send(qmgr_request::flush_dead | qmgr_request::scan_incoming); // not half of it
    f.send(qmgr_request::flush_dead);                               // stands in the second one
    f.send(qmgr_request::scan_incoming | qmgr_request::flush_dead);
    CHECK(f.work.count() == 2);
    CHECK(f.queue.accept_and_read().bytes == "I\0"s);
    CHECK(f.queue.accept_and_read().bytes == "FI\0"s);
    f.poll();
    CHECK_FALSE(f.work.any());
}

TEST_CASE("who joins a trigger that could not be sent is told so") {
    running_service f;
    fake_service(f.queue.file("gone"), [](const fake_client&) {});
    trigger_sender to_nobody(f.context, f.queue.file("gone"), 10s, f.work, f.log);
    CHECK_FALSE(run_blocking(f.context, to_nobody.send(qmgr_request::scan_incoming)));
    CHECK_FALSE(run_blocking(f.context, to_nobody.send(qmgr_request::scan_incoming)));
    CHECK_FALSE(f.work.any());
}

TEST_CASE("a missing service is told of once") {
    running_service f;
    std::string text = "No such file or directory";
    SECTION("no path") {}
    SECTION("neither a socket nor a FIFO") {
        f.queue.write("public/missing", "");
        text = "is not a socket or a fifo";
    }
    trigger_sender to_nobody(f.context, "public/missing", 10s, f.work, f.log);
    for (int i = 0; i < 100; ++i)
        CHECK_FALSE(run_blocking(f.context, to_nobody.send(qmgr_request::scan_incoming)));
    CHECK(f.lines.lines().size() == 1);
    CHECK(f.lines.contains(text));
}

TEST_CASE("a service's trigger reaches a FIFO") {
    running_service f;
    const auto path = f.queue.file("fifo");
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    trigger_sender to_fifo(f.context, path, 10s, f.work, f.log);
    CHECK_FALSE(run_blocking(f.context, to_fifo.send(qmgr_request::scan_incoming))); // no reader
    const file_descriptor reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    CHECK(run_blocking(f.context, to_fifo.send(qmgr_request::scan_incoming)));
    std::array<char, 10> buffer{};
    CHECK(::read(reader.get(), buffer.data(), buffer.size()) == 1);
    CHECK(buffer[0] == 'I');
}
