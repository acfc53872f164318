#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "postfix_proto/turns.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace postfix_proto;
using namespace std::chrono_literals;

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

namespace {

using clock_type = std::chrono::steady_clock;
using refusal = turns::refusal;

/// One turn, and those that wait for it.
struct crowd {
    explicit crowd(std::size_t most_waiting = 100) : under_test(context, 1, most_waiting) {}
    ~crowd() { // nobody may be left in the line
        while (!held.empty()) {
            held.clear();
            run();
        }
    }
    crowd(const crowd&) = delete;
    crowd& operator=(const crowd&) = delete;

    asio::io_context context{1};
    turns under_test;
    std::vector<turns::turn> held;
    std::vector<refusal> refusals;

    asio::awaitable<void> wait_until(clock_type::time_point deadline) {
        auto mine = co_await under_test.take_before(deadline);
        if (mine)
            held.push_back(*std::move(mine));
        else
            refusals.push_back(mine.error());
    }
    asio::awaitable<void> wait_patiently() { held.push_back(co_await under_test.take()); }

    void start(asio::awaitable<void> waiter) {
        asio::co_spawn(context, std::move(waiter), [](const std::exception_ptr& thrown) {
            if (thrown)
                std::rethrow_exception(thrown);
        });
        run();
    }
    /// Until all that is left is to wait.
    void run() {
        context.restart();
        context.poll();
    }
};

} // namespace

TEST_CASE("a turn that comes before the deadline is given") {
    crowd f;
    f.start(f.wait_until(clock_type::now() + 1h));
    f.start(f.wait_until(clock_type::now() + 1h));
    REQUIRE(f.held.size() == 1);
    f.held.clear();
    f.run();
    CHECK(f.held.size() == 1);
    CHECK(f.refusals.empty());
}

TEST_CASE("who waits until the deadline gets no turn, and leaves the line") {
    crowd f;
    f.start(f.wait_patiently());
    f.start(f.wait_until(clock_type::now() + 1ms));
    f.start(f.wait_until(clock_type::now() + 1h));
    while (f.refusals.empty()) {
        f.context.restart();
        f.context.run_one();
    }
    CHECK(f.refusals == std::vector{refusal::timed_out});
    f.held.clear();
    f.run();
    CHECK(f.held.size() == 1);
}

TEST_CASE("a free turn is given even after the deadline") {
    crowd f;
    f.start(f.wait_until(clock_type::now() - 1h));
    CHECK(f.held.size() == 1);
}

TEST_CASE("only so many may wait for a turn") {
    crowd f(2);
    for (int i = 0; i < 4; ++i)
        f.start(f.wait_until(clock_type::now() + 1h));
    CHECK(f.held.size() == 1);
    CHECK(f.refusals == std::vector{refusal::too_many});
}

TEST_CASE("send_away ends the waits with a deadline, and no others") {
    crowd f;
    f.start(f.wait_patiently());
    f.start(f.wait_until(clock_type::now() + 1h));
    f.start(f.wait_patiently());
    f.start(f.wait_until(clock_type::now() + 1h));
    f.under_test.send_away();
    f.run();
    CHECK(f.refusals == std::vector{refusal::sent_away, refusal::sent_away});
    CHECK(f.held.size() == 1);
    f.held.clear();
    f.run();
    CHECK(f.held.size() == 1);
}

TEST_CASE("there is always one turn") {
    asio::io_context context{1};
    turns under_test(context, 0);
    bool has_had_it = false;
    const auto take = [&]() -> asio::awaitable<void> {
        const auto mine = co_await under_test.take();
        has_had_it = true;
    };
    asio::co_spawn(context, take(), [](const std::exception_ptr&) {});
    context.run();
    CHECK(has_had_it);
}
