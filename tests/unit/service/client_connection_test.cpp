#include "catch.hpp"

#include "postfix_proto/client_connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

using namespace postfix_proto;
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// A client's end, and the service's.
struct conversation {
    conversation() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) ==
                0);
        client = file_descriptor(ends[0]);
        service.emplace(context, file_descriptor(ends[1]), limits, places.start());
    }

    void say(std::string_view text) const {
        REQUIRE(::send(client.get(), text.data(), text.size(), 0) ==
                static_cast<ssize_t>(text.size()));
    }

    /// Answers requests of one read each; `result` is how that ended.
    asio::awaitable<void> serve() {
        std::string input;
        while (true) {
            input.clear();
            const auto error = co_await service->read_some(input);
            if (error) {
                result = error;
                co_return;
            }
            requests += input;
            if (keeps)
                service->expect_request();
        }
    }

    asio::io_context context{1};
    deadline_list limits{context, std::chrono::hours(1)};
    work_in_hand places;
    file_descriptor client;
    std::optional<socket_connection> service;
    bool keeps = true;
    std::string requests;
    std::optional<error_code> result;
};

} // namespace

TEST_CASE("a connection between requests is closed when the service retires") {
    conversation talk;
    asio::co_spawn(talk.context, talk.serve(), asio::detached);
    talk.say("one");
    talk.context.poll();
    REQUIRE(talk.requests == "one");
    talk.limits.close();
    talk.context.poll();
    CHECK(talk.result == asio::error::operation_aborted);
}

TEST_CASE("a connection is kept for the next request") {
    conversation talk;
    asio::co_spawn(talk.context, talk.serve(), asio::detached);
    talk.say("one");
    talk.context.poll();
    talk.say("two");
    talk.context.poll();
    CHECK(talk.requests == "onetwo");
    CHECK_FALSE(talk.result);
    talk.client.reset();
    talk.context.poll();
    CHECK(talk.result == asio::error::eof);
}

TEST_CASE("who has not been answered is served when the service retires") {
    conversation talk;
    talk.keeps = false;
    asio::co_spawn(talk.context, talk.serve(), asio::detached);
    talk.context.poll();
    talk.limits.close();
    talk.context.poll();
    CHECK_FALSE(talk.result);
    talk.say("one");
    talk.context.poll();
    CHECK(talk.requests == "one");
    talk.client.reset();
    talk.context.poll();
    CHECK(talk.result == asio::error::eof);
}

TEST_CASE("a service that has begun to retire takes no further request") {
    conversation talk;
    talk.limits.close();
    asio::co_spawn(talk.context, talk.serve(), asio::detached);
    talk.say("one");
    talk.context.poll();
    CHECK(talk.requests == "one");
    CHECK(talk.result == asio::error::operation_aborted);
}

TEST_CASE("a client that hangs up while it is served leaves its place when room is needed") {
    conversation talk;
    std::string input;
    const auto read_one = [&]() -> asio::awaitable<void> {
        talk.result = co_await talk.service->read_some(input);
    };
    asio::co_spawn(talk.context, read_one(), asio::detached);
    talk.say("one");
    talk.context.poll();
    REQUIRE(input == "one");

    CHECK_FALSE(talk.limits.expire_one_early()); // it waits for its answer
    REQUIRE(::shutdown(talk.client.get(), SHUT_WR) == 0);
    CHECK_FALSE(talk.limits.expire_one_early()); // still
    CHECK(talk.places.count() == 1);
    talk.client.reset();
    CHECK(talk.limits.expire_one_early());
    CHECK_FALSE(talk.places.any());
    CHECK_FALSE(talk.limits.expire_one_early());

    // Who serves it notices when he answers.
    const auto answer = [&]() -> asio::awaitable<void> {
        talk.result = co_await talk.service->write("answer");
    };
    asio::co_spawn(talk.context, answer(), asio::detached);
    talk.context.restart();
    talk.context.poll();
    CHECK(talk.result == asio::error::broken_pipe);
    asio::co_spawn(talk.context, read_one(), asio::detached);
    talk.context.restart();
    talk.context.poll();
    CHECK(talk.result == asio::error::eof);
}

TEST_CASE("a client that has asked and hung up is still served") {
    conversation talk;
    talk.keeps = false;
    asio::co_spawn(talk.context, talk.serve(), asio::detached);
    talk.say("one");
    talk.client.reset();
    CHECK_FALSE(talk.limits.expire_one_early()); // nobody has read what it has said
    talk.context.poll();
    CHECK(talk.requests == "one");
}

TEST_CASE("the user of a local client is known") {
    conversation with;
    CHECK(with.service->user() == ::geteuid());
}

TEST_CASE("the user of a client elsewhere is not known") {
    conversation with;
    socket_connection client(
        with.context,
        file_descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
        with.limits);
    CHECK_FALSE(client.user());
    stdio_connection on_standard_input(std::chrono::seconds(10));
    CHECK_FALSE(on_standard_input.user());
}
