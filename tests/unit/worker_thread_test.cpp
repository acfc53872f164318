#include "catch.hpp"

#include "postfix_proto/worker_thread.hpp"

#include <boost/asio/io_context.hpp>

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
