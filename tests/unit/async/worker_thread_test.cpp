#include "catch.hpp"

#include "postfix_proto/worker_thread.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace postfix_proto;
namespace asio = boost::asio;

namespace {

template <typename Task>
void run(Task task) {
    asio::io_context context{1};
    asio::co_spawn(context, std::move(task), [](const std::exception_ptr& failure) {
        if (failure)
            std::rethrow_exception(failure);
    });
    context.run();
}

} // namespace

TEST_CASE(
    "a worker does what it is told in a thread of its own, and its caller goes on in the first") {
    worker_thread worker;
    const auto here = std::this_thread::get_id();
    auto there = here;
    run([&]() -> asio::awaitable<void> {
        co_await worker.run([&] { there = std::this_thread::get_id(); });
        CHECK(std::this_thread::get_id() == here);
        const auto again = co_await worker.run([] { return std::this_thread::get_id(); });
        CHECK(again == there);
    });
    CHECK(there != here);
}

TEST_CASE("a worker passes on results that can only be moved, and exceptions") {
    worker_thread worker;
    run([&]() -> asio::awaitable<void> {
        const auto seven = co_await worker.run([] { return std::make_unique<int>(7); });
        CHECK(*seven == 7);
        std::string what;
        try {
            co_await worker.run([] { throw std::runtime_error("no luck"); });
        } catch (const std::runtime_error& error) {
            what = error.what();
        }
        CHECK(what == "no luck");
    });
}

TEST_CASE("a worker keeps the order in which it was asked") {
    worker_thread worker;
    std::vector<int> order;
    asio::io_context context{1};
    for (int i = 0; i < 100; ++i)
        asio::co_spawn(
            context,
            [](worker_thread& w, std::vector<int>& o, int n) -> asio::awaitable<void> {
                co_await w.run([&] { o.push_back(n); });
            }(worker, order, i),
            [](const std::exception_ptr& failure) { CHECK_FALSE(failure); });
    context.run();
    REQUIRE(order.size() == 100);
    for (int i = 0; i < 100; ++i)
        CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("a worker that is paused finishes what it does, and begins nothing before it goes on") {
    asio::io_context context{1};
    worker_thread worker;
    std::promise<void> begun, may_end;
    std::vector<std::string> events;
    const auto ask = [&](std::string name, std::function<void()> task) {
        asio::co_spawn(
            context,
            [](worker_thread& w, std::vector<std::string>& e, std::string n,
               std::function<void()> t) -> asio::awaitable<void> {
                co_await w.run(t);
                e.push_back(n);
            }(worker, events, std::move(name), std::move(task)),
            asio::detached);
    };
    std::thread::id first_thread, second_thread;
    ask("first", [&] {
        first_thread = std::this_thread::get_id();
        begun.set_value();
        may_end.get_future().wait();
    });
    ask("second", [&] { second_thread = std::this_thread::get_id(); });
    context.poll();
    begun.get_future().wait();
    asio::co_spawn(
        context,
        [](worker_thread& w, std::vector<std::string>& e) -> asio::awaitable<void> {
            co_await w.pause();
            e.emplace_back("paused");
        }(worker, events),
        asio::detached);
    context.poll();
    CHECK(events.empty());
    may_end.set_value();
    while (events.size() < 2)
        context.run_one();
    CHECK(events == std::vector<std::string>{"first", "paused"});
    CHECK(second_thread == std::thread::id());
    ask("third", [] {});
    context.poll();
    CHECK(events.size() == 2);
    worker.resume();
    context.run();
    CHECK(events == std::vector<std::string>{"first", "paused", "second", "third"});
    CHECK(second_thread != std::thread::id());
}

TEST_CASE("a worker can be paused before its first task, and again") {
    worker_thread worker;
    run([&]() -> asio::awaitable<void> {
        co_await worker.pause();
        worker.resume();
        CHECK(co_await worker.run([] { return 1; }) == 1);
        co_await worker.pause();
        co_await worker.pause();
        worker.resume();
        CHECK(co_await worker.run([] { return 2; }) == 2);
    });
}

TEST_CASE("a worker is stuck when it has something to do and gets nothing done") {
    worker_thread worker;
    std::promise<void> begun, may_end;
    asio::io_context context{1};
    CHECK_FALSE(worker.is_stuck());
    asio::co_spawn(
        context,
        [](worker_thread& w, std::promise<void>& b,
           std::promise<void>& e) -> asio::awaitable<void> {
            co_await w.run([] {});
            co_await w.run([&] {
                b.set_value();
                e.get_future().wait();
            });
        }(worker, begun, may_end),
        asio::detached);
    std::thread loop([&] { context.run(); });
    begun.get_future().wait();
    CHECK_FALSE(worker.is_stuck()); // it has just done something
    CHECK(worker.is_stuck());
    CHECK(worker.is_stuck());
    may_end.set_value();
    loop.join();
    CHECK_FALSE(worker.is_stuck());
}

TEST_CASE("a worker that is destroyed leaves undone what it has not begun") {
    asio::io_context context{1};
    bool done = false;
    std::promise<void> begun, may_end;
    auto worker = std::make_unique<worker_thread>();
    const auto ask = [&](std::function<void()> task) {
        asio::co_spawn(
            context,
            [](worker_thread& w, std::function<void()> t) -> asio::awaitable<void> {
                co_await w.run(t);
            }(*worker, std::move(task)),
            asio::detached);
    };
    ask([&] {
        begun.set_value();
        may_end.get_future().wait();
    });
    ask([&] { done = true; });
    context.poll();
    begun.get_future().wait();
    // The destructor, which waits for the first, has time to say that there is no other.
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        may_end.set_value();
    });
    worker.reset();
    later.join();
    CHECK_FALSE(done);
}
