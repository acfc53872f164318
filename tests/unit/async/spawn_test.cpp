#include "catch.hpp"

#include "recording_sink.hpp"

#include "postfix_proto/spawn.hpp"

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
