#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "fake_service.hpp"
#include "postfix_proto/service_connection.hpp"
#include "temporary_directory.hpp"

#include <boost/asio/co_spawn.hpp>

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <vector>

using namespace postfix_proto;
using namespace std::string_literals;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using reason = service_failure::reason;

namespace {

struct fixture {
    temporary_directory dir;
    std::string path = dir.file("socket");
    asio::io_context context{1};

    template <typename Conversation>
    void run(Conversation conversation) {
        std::exception_ptr thrown;
        asio::co_spawn(context, conversation(),
                       [&](const std::exception_ptr& failure) { thrown = failure; });
        context.restart();
        context.run_for(10s);
        REQUIRE(context.stopped());
        if (thrown)
            std::rethrow_exception(thrown);
    }
};

} // namespace

TEST_CASE("a service connection sends, and hands over what comes") {
    fixture f;
    std::string heard;
    std::optional<fake_service> service;
    service.emplace(f.path, [&](const fake_client& client) {
        client.say("greeting");
        heard = client.hear();
        client.say(std::string(100000, 'x'));
    });
    f.run([&]() -> asio::awaitable<void> {
        service_connection connection(f.context, f.path);
        auto failure = co_await connection.connect();
        CHECK_FALSE(failure);
        failure = co_await connection.send("request\0\0"s);
        CHECK_FALSE(failure);
        std::string input;
        while (!failure) {
            const auto before = input.size();
            failure = co_await connection.receive(input);
            CHECK(input.size() - before <= 16384);
        }
        CHECK(failure->why == reason::closed);
        CHECK(failure->text == "unexpected end of input from " + f.path);
        CHECK(input == "greeting" + std::string(100000, 'x'));
    });
    service.reset(); // its thread has ended
    CHECK(heard == "request\0\0"s);
}

TEST_CASE("a service connection tells why it could not be made") {
    fixture f;
    const auto attempt = [&f](std::string path, std::optional<service_failure>& failure) {
        f.run([&]() -> asio::awaitable<void> {
            service_connection connection(f.context, path);
            connection.expires_after(300ms);
            failure = co_await connection.connect();
        });
    };
    std::optional<service_failure> failure;
    SECTION("no such socket") {
        attempt(f.path, failure);
        REQUIRE(failure);
        CHECK(failure->why == reason::unreachable);
        CHECK(failure->text ==
              "mail system is down (connect to " + f.path + ": No such file or directory)");
    }
    SECTION("nobody listens") {
        fake_service(f.path, [](const fake_client&) {}); // and has gone
        attempt(f.path, failure);
        REQUIRE(failure);
        CHECK(failure->why == reason::unreachable);
        CHECK(failure->text ==
              "mail system is down (connect to " + f.path + ": Connection refused)");
    }
    SECTION("a name that is too long for a socket") {
        attempt(std::string(200, 'x'), failure);
        REQUIRE(failure);
        CHECK(failure->why == reason::unreachable);
    }
    SECTION("not for this user") {
        if (::geteuid() == 0)
            return;
        const fake_service service(f.path, [](const fake_client&) {});
        ::chmod(f.path.c_str(), 0);
        attempt(f.path, failure);
        REQUIRE(failure);
        CHECK(failure->why == reason::forbidden);
        CHECK(failure->text == "connect to " + f.path + ": Permission denied");
    }
    SECTION("a backlog that stays full") {
        const fake_service service(
            f.path, [](const fake_client& client) { client.wait(); }, 0);
        f.run([&]() -> asio::awaitable<void> {
            // One is served, some are in the backlog, and then there is no room.
            std::vector<std::unique_ptr<service_connection>> all;
            for (int i = 0; i < 10 && !failure; ++i) {
                all.push_back(std::make_unique<service_connection>(f.context, f.path));
                all.back()->expires_after(300ms);
                failure = co_await all.back()->connect();
            }
        });
        REQUIRE(failure);
        CHECK(failure->why == reason::timed_out);
        CHECK(failure->text == "connect timeout on " + f.path);
    }
}

TEST_CASE("a service connection waits for no longer than it may") {
    fixture f;
    const fake_service service(f.path, [](const fake_client& client) {
        client.say("x");
        std::this_thread::sleep_for(1s); // reads nothing
    });
    const auto begin = std::chrono::steady_clock::now();
    f.run([&]() -> asio::awaitable<void> {
        service_connection connection(f.context, f.path);
        auto failure = co_await connection.connect();
        CHECK_FALSE(failure);
        std::string input;
        SECTION("for a byte") {
            connection.expires_after(100ms);
            failure = co_await connection.receive(input);
            CHECK_FALSE(failure);
            failure = co_await connection.receive(input);
            REQUIRE(failure);
            CHECK(failure->why == reason::timed_out);
            CHECK(failure->text == "read timeout on " + f.path);
            CHECK(input == "x");
            // All that follows is over, too, unless there is more time.
            failure = co_await connection.send("x");
            REQUIRE(failure);
            connection.expires_after(100ms);
            failure = co_await connection.send("x");
            CHECK_FALSE(failure);
        }
        SECTION("for room") {
            connection.expires_after(100ms);
            failure = co_await connection.send(std::string(10000000, 'x'));
            REQUIRE(failure);
            CHECK(failure->why == reason::timed_out);
            CHECK(failure->text == "write timeout on " + f.path);
        }
    });
    CHECK(std::chrono::steady_clock::now() - begin < 900ms);
}

TEST_CASE("what a service said before it hung up is there, though it did not read") {
    fixture f;
    const fake_service service(f.path, [](const fake_client& client) { client.say("no"); });
    f.run([&]() -> asio::awaitable<void> {
        service_connection connection(f.context, f.path);
        auto failure = co_await connection.connect();
        std::this_thread::sleep_for(50ms);
        failure = co_await connection.send("request");
        CHECK_FALSE(failure);
        std::string input;
        failure = co_await connection.receive(input);
        CHECK_FALSE(failure);
        CHECK(input == "no");
        failure = co_await connection.receive(input);
        REQUIRE(failure);
        CHECK(failure->why == reason::closed);
    });
}

TEST_CASE("a service connection knows whether it can be used again") {
    fixture f;
    const fake_service service(f.path, [&](const fake_client& client) {
        client.say("reply");
        static_cast<void>(client.hear(1));
        client.say("what nobody asked for");
        static_cast<void>(client.hear(1)); // and then hangs up
    });
    f.run([&]() -> asio::awaitable<void> {
        service_connection connection(f.context, f.path);
        CHECK_FALSE(connection.is_quiet());
        auto failure = co_await connection.connect();
        CHECK_FALSE(failure);
        std::string input;
        failure = co_await connection.receive(input);
        CHECK_FALSE(failure);
        CHECK(connection.is_quiet());
        failure = co_await connection.send("1");
        CHECK_FALSE(failure);
        for (int i = 0; i < 100 && connection.is_quiet(); ++i)
            std::this_thread::sleep_for(10ms);
        CHECK_FALSE(connection.is_quiet());
        failure = co_await connection.receive(input);
        CHECK_FALSE(failure);
        CHECK(connection.is_quiet());
        failure = co_await connection.send("2");
        for (int i = 0; i < 100 && connection.is_quiet(); ++i)
            std::this_thread::sleep_for(10ms);
        CHECK_FALSE(connection.is_quiet());
        connection.close();
        CHECK_FALSE(connection.is_quiet());
    });
}
