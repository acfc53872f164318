#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "flushd/daemon/turns.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <string>

namespace asio = boost::asio;
using namespace flushd;

namespace {

struct fixture {
    asio::io_context context{1};
    turns under_test{context, 2};
    int busy = 0, most_busy = 0;
    std::string done;

    asio::awaitable<void> work(char name, bool fails = false) {
        const auto mine = co_await under_test.take();
        most_busy = std::max(most_busy, ++busy);
        co_await asio::post(context, asio::use_awaitable);
        --busy;
        done += name;
        if (fails)
            throw std::runtime_error("for the test");
    }
    void start(char name, bool fails = false) {
        asio::co_spawn(context, work(name, fails), [](const std::exception_ptr&) {});
    }
};

} // namespace

TEST_CASE("no more than so many have their turn, and the others follow in their order") {
    fixture f;
    for (const char name : std::string("abcdefghij"))
        f.start(name);
    f.context.run();
    CHECK(f.done == "abcdefghij");
    CHECK(f.most_busy == 2);
}

TEST_CASE("a turn that ends with an exception is over") {
    fixture f;
    for (const char name : std::string("abcdef"))
        f.start(name, true);
    f.context.run();
    f.context.restart();
    f.start('g');
    f.context.run();
    CHECK(f.done == "abcdefg");
}

TEST_CASE("thousands who wait go on without calling each other") {
    fixture f;
    for (int i = 0; i < 20000; ++i)
        f.start('x');
    f.context.run();
    CHECK(f.done.size() == 20000);
}
