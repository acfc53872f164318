// How requests end that are cancelled, which Asio can do since Boost 1.77.
#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "client_fixture.hpp"
#include "fake_service.hpp"
#include "postfix_proto/flush_client.hpp"
#include "postfix_proto/showq_client.hpp"
#include "postfix_proto/verify_client.hpp"

#include <boost/version.hpp>

#if BOOST_VERSION >= 107700

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace postfix_proto;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using reason = service_failure::reason;

namespace {

/// Starts it so that the signal cancels it.
template <typename Result, typename Handler>
void start(client_fixture& f, asio::cancellation_signal& signal, asio::awaitable<Result> task,
           Handler handler) {
    asio::co_spawn(f.context, std::move(task),
                   asio::bind_cancellation_slot(
                       signal.slot(), [handler](const std::exception_ptr& thrown, Result result) {
                           REQUIRE_FALSE(thrown);
                           handler(std::move(result));
                       }));
}

/// The same, and adds the answer to `answers` when it comes.
template <typename Result>
void start(client_fixture& f, asio::cancellation_signal& signal, asio::awaitable<Result> task,
           std::vector<Result>& answers) {
    start(f, signal, std::move(task), [&](Result one) { answers.push_back(std::move(one)); });
}

void cancel(asio::cancellation_signal& signal) { signal.emit(asio::cancellation_type::terminal); }

} // namespace

TEST_CASE("a flush request that is cancelled says so, under way and while it waits") {
    silent_fixture f;
    flush_client client(f.context, {f.path, 20s, 1});
    asio::cancellation_signal first, second;
    std::vector<flush_result> told;
    start(f, first, client.purge(), told);
    start(f, second, client.purge(), told);
    f.run_for(100ms);
    CHECK(told.empty());
    cancel(second);
    cancel(first);
    f.run();
    REQUIRE(told.size() == 2);
    for (const auto& one : told)
        CHECK(one.outcome == flush_outcome::cancelled);
    CHECK(told[0].text == "wait cancelled on " + f.path);
    CHECK(told[1].text == "read cancelled on " + f.path);
}

TEST_CASE("a place is free again when the request that had it, or waited for it, is cancelled") {
    client_fixture f;
    const fake_service service(f.path, silent_at_first(answer_request));
    flush_client client(f.context, {f.path, 20s, 1});
    asio::cancellation_signal signals[3];
    std::vector<flush_outcome> told;
    const auto note = [&](const flush_result& one) { told.push_back(one.outcome); };
    start(f, signals[0], client.purge(), [&](const flush_result& one) {
        note(one);
        // It has been let in by now, and does not know yet.
        cancel(signals[1]);
    });
    start(f, signals[1], client.purge(), note);
    start(f, signals[2], client.purge(), note);
    f.run_for(100ms);
    cancel(signals[0]);
    f.run();
    CHECK(told ==
          std::vector{flush_outcome::cancelled, flush_outcome::cancelled, flush_outcome::ok});
}

TEST_CASE(
    "a query that is cancelled says so, and the one behind it is asked by another connection") {
    client_fixture f;
    const fake_service service(f.path, silent_at_first(answer_queries));
    verify_client verify(f.context, {f.path, 10s});
    asio::cancellation_signal first, second;
    std::vector<verify_answer> told;
    start(f, first, verify.query("first@b"), told);
    start(f, second, verify.query("second@b"), told);
    f.run_for(100ms);
    cancel(first);
    f.run();
    CHECK(texts_of(told) ==
          std::vector<std::string>{"read cancelled on " + f.path, "not second@b"});
    REQUIRE(told.front().failure);
    CHECK(told.front().failure->why == reason::cancelled);
}

TEST_CASE("a queue listing that is cancelled says so") {
    silent_fixture f;
    showq_client queue(f.context, {f.path, 10s});
    asio::cancellation_signal signal;
    std::vector<const queued_message*> messages;
    start(f, signal, queue.next(), messages);
    f.run_for(50ms);
    cancel(signal);
    f.run();
    CHECK(messages == std::vector<const queued_message*>{nullptr});
    REQUIRE(queue.failure());
    CHECK(queue.failure()->why == reason::cancelled);
}

TEST_CASE("a request that waits for room in the service's backlog can be cancelled") {
    client_fixture f;
    const fake_service service(f.path, stay_silent, 0);
    std::vector<std::unique_ptr<service_connection>> all;
    asio::cancellation_signal signal;
    std::vector<service_connection::outcome> told;
    // One is served, some are in the backlog, and then there is no room.
    for (int i = 0; i < 10; ++i) {
        all.push_back(std::make_unique<service_connection>(f.context, f.path));
        start(f, signal, all.back()->connect(), told);
        f.run_for(50ms);
        if (told.size() <= static_cast<std::size_t>(i))
            break;
    }
    const auto connected = told.size();
    REQUIRE(connected < 10);
    cancel(signal);
    f.run();
    REQUIRE(told.size() == connected + 1);
    REQUIRE(told.back());
    CHECK(told.back()->why == reason::cancelled);
    CHECK(told.back()->text == "connect cancelled on " + f.path);
}

TEST_CASE("a request that loses against a timer is cancelled") {
    using namespace asio::experimental::awaitable_operators;
    silent_fixture f;
    flush_client client(f.context, {f.path, 20s});
    bool is_done = false;
    const auto race = [&]() -> asio::awaitable<void> {
        asio::steady_timer timer(f.context, 50ms);
        const auto winner = co_await (client.purge() || timer.async_wait(asio::use_awaitable));
        CHECK(winner.index() == 1);
        is_done = true;
    };
    asio::co_spawn(f.context, race(),
                   [](const std::exception_ptr& thrown) { CHECK_FALSE(thrown); });
    f.run();
    CHECK(is_done);
}

#endif
