#include "catch.hpp"

#include "recording_sink.hpp"

#include "postfix_proto/spawn.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <new>
#include <stdexcept>
#include <string>
#include <vector>

using namespace postfix_proto;
namespace asio = boost::asio;

TEST_CASE("spawn logs an exception and lets go of what the task left behind") {
    recorded_log lines;
    logger log(lines.sink());
    asio::io_context context{1};
    bool let_go = false;
    spawn(
        context,
        []() -> asio::awaitable<void> {
            throw std::runtime_error("no luck");
            co_return;
        }(),
        log, "task", [&] { let_go = true; });
    context.run();
    CHECK(lines.lines() == std::vector<std::string>{"warning: task: no luck"});
    CHECK(let_go);
}

TEST_CASE("spawn holds work in hand until the task is gone, and no longer") {
    const bool fails = GENERATE(false, true);
    recorded_log lines;
    logger log(lines.sink());
    asio::io_context context{1};
    work_in_hand work;
    std::vector<std::string> order;
    work.on_idle([&] { order.emplace_back("idle"); });
    struct at_end {
        std::vector<std::string>& order;
        ~at_end() { order.emplace_back("task is gone"); }
    };
    spawn(
        context,
        [](bool throws, std::vector<std::string>& told) -> asio::awaitable<void> {
            const at_end end{told};
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
            if (throws)
                throw std::runtime_error("no luck");
        }(fails, order),
        log, "task", work.start(), [&] { order.emplace_back("failed"); });
    CHECK(work.any());
    context.run();
    CHECK_FALSE(work.any());
    CHECK(order == (fails ? std::vector<std::string>{"task is gone", "failed", "idle"}
                          : std::vector<std::string>{"task is gone", "idle"}));
}

TEST_CASE("spawn_loop goes on after an exception, until the loop returns") {
    recorded_log lines;
    logger log(lines.sink());
    asio::io_context context{1};
    int times = 0;
    spawn_loop(
        context,
        [&]() -> asio::awaitable<void> {
            if (++times < 3)
                throw std::bad_alloc();
            co_return;
        },
        log, "loop");
    context.run();
    CHECK(times == 3);
    CHECK(lines.lines() == std::vector<std::string>(2, "warning: loop: std::bad_alloc"));
}
