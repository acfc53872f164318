#include "catch.hpp"

#include "allocation_failure.hpp"
#include "recording_sink.hpp"
#include "temporary_directory.hpp"

#include "postfix_proto/client_listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <string>

using namespace postfix_proto;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

/// A service that says "hello", on a socket of its own.
class fixture {
public:
    fixture() : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        address_.sun_family = AF_UNIX;
        directory_.file("socket").copy(address_.sun_path, sizeof(address_.sun_path) - 1);
        REQUIRE(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address_),
                       sizeof(address_)) == 0);
        REQUIRE(::listen(descriptor_, 10) == 0);
        listener.start(descriptor_, 1,
                       [](client_connection& client) -> asio::awaitable<void> {
                           static_cast<void>(co_await client.write("hello"));
                       },
                       {[this] { ++clients; }, [this] { ++caught_up; }, [this] { ++closed; }});
    }

    [[nodiscard]] file_descriptor connect() const {
        file_descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address_),
                          sizeof(address_)) == 0);
        return client;
    }

    /// What the service has said; "" also when it has hung up without a word.
    static std::string answer(const file_descriptor& client) {
        char buffer[16] = {};
        const auto size = ::recv(client.get(), buffer, sizeof(buffer), MSG_DONTWAIT);
        return {buffer, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
    }

    recorded_log lines;
    logger log{lines.sink()};
    work_in_hand work;
    asio::io_context context{1};
    client_listener listener{context, 10s, 10, work, log};
    int clients = 0, caught_up = 0, closed = 0;

private:
    temporary_directory directory_;
    sockaddr_un address_{};
    int descriptor_; // the listener closes it
};

} // namespace

TEST_CASE("client_listener serves who connects, and says when nobody else waits") {
    fixture test;
    const auto first = test.connect(), second = test.connect();
    test.context.poll();
    CHECK(test.clients == 2);
    CHECK(test.caught_up >= 1);
    CHECK(test.answer(first) == "hello");
    CHECK(test.answer(second) == "hello");
    CHECK_FALSE(test.work.any());
    CHECK_FALSE(test.listener.closed());
    test.listener.close();
    test.context.poll();
    CHECK(test.closed == 1);
    CHECK(test.listener.closed());
}

TEST_CASE("client_listener keeps up as long as it accepts, or nobody waits") {
    fixture test;
    test.context.poll();
    CHECK(test.listener.keeps_up());
    const auto first = test.connect();
    CHECK_FALSE(test.listener.keeps_up());
    test.context.poll();
    CHECK(test.listener.keeps_up());
    {
        const auto second = test.connect();
        test.context.poll();
        const auto third = test.connect();
        CHECK(test.listener.keeps_up()); // it has just accepted one
        CHECK_FALSE(test.listener.keeps_up());
    }
    test.listener.close();
    CHECK(test.listener.keeps_up());
}

namespace {

enum outcome : int { not_reached, served, ended, deaf };

/// What becomes of the service when the n-th allocation fails while it accepts a client. In a
/// process of its own, which may end: Asio has functions that must not throw, and do.
int accept_with_failure(std::size_t n) {
    const pid_t child = ::fork();
    if (child != 0) {
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    std::set_terminate([] { ::_exit(ended); });
    fixture test;
    test.context.poll();
    const auto first = test.connect();
    allocation_failure::arm(n);
    try {
        test.context.poll();
    } catch (const std::bad_alloc&) {
        ::_exit(ended); // as run_service() does
    }
    allocation_failure::disarm();
    const auto next = test.connect();
    std::string greeting;
    for (const auto end = std::chrono::steady_clock::now() + 20s;
         greeting.empty() && std::chrono::steady_clock::now() < end;) {
        test.context.run_for(10ms);
        test.context.restart();
        greeting = test.answer(next);
    }
    if (greeting != "hello" || test.work.any())
        ::_exit(deaf);
    ::_exit(allocation_failure::happened() ? served : not_reached);
}

} // namespace

TEST_CASE(
    "client_listener accepts the next client, or the process ends, whichever allocation fails") {
    std::size_t n = 1;
    int result = not_reached;
    int times_served = 0;
    while ((result = accept_with_failure(n)) != not_reached) {
        CAPTURE(n);
        REQUIRE((result == served || result == ended));
        times_served += result == served ? 1 : 0;
        ++n;
    }
    CHECK(n > 5);
    CHECK(times_served > 0);
}
