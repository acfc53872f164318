#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "postfix_proto/run_blocking.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>

using namespace postfix_proto;
namespace asio = boost::asio;

namespace {

/// A result that nothing can be made up for.
struct answer {
    explicit answer(int value) : number(std::make_unique<int>(value)) {}
    std::unique_ptr<int> number;
};

asio::awaitable<answer> give_answer() { co_return answer(42); }

asio::awaitable<void> fail() {
    throw std::runtime_error("no luck");
    co_return;
}

asio::awaitable<answer> fail_to_answer() {
    co_await fail();
    co_return answer(0);
}

/// Ends at once, and leaves a step behind.
asio::awaitable<void> start_waiting(asio::steady_timer& timer, bool& is_over) {
    timer.async_wait([&](const boost::system::error_code&) { is_over = true; });
    co_return;
}

} // namespace

TEST_CASE("run_blocking returns any kind of result, and throws what the task throws") {
    asio::io_context context{1};
    CHECK(*run_blocking(context, give_answer()).number == 42);
    CHECK(*run_until_done(context, give_answer()).number == 42); // the same context again
    CHECK_THROWS_AS(run_blocking(context, fail()), std::runtime_error);
    CHECK_THROWS_AS(run_until_done(context, fail()), std::runtime_error);
    CHECK_THROWS_AS(run_blocking(context, fail_to_answer()), std::runtime_error);
    CHECK_THROWS_AS(run_until_done(context, fail_to_answer()), std::runtime_error);
}

TEST_CASE("run_blocking ends with what the task leaves behind, run_until_done before it") {
    asio::io_context context{1};
    asio::steady_timer timer(context);
    bool is_over = false;
    timer.expires_after(std::chrono::milliseconds(1));
    run_blocking(context, start_waiting(timer, is_over));
    CHECK(is_over);
    is_over = false;
    timer.expires_at(asio::steady_timer::time_point::max());
    run_until_done(context, start_waiting(timer, is_over));
    CHECK_FALSE(is_over);
}
