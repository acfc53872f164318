// How requests end that do not end by an answer: too many at once, cancelled, given up.
#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "crowd_service.hpp"
#include "fake_service.hpp"
#include "postfix_proto/anvil_client.hpp"
#include "postfix_proto/call_when_done.hpp"
#include "postfix_proto/flush_client.hpp"
#include "postfix_proto/showq_client.hpp"
#include "postfix_proto/verify_client.hpp"
#include "temporary_directory.hpp"

#include <boost/asio/steady_timer.hpp>

#if BOOST_VERSION >= 107700
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#endif

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

using namespace postfix_proto;
using namespace std::string_literals;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using reason = service_failure::reason;

namespace {

const auto verify_announcement = "protocol\0address_verification_prrotocol\0\0"s;

std::string verify_reply_about(const std::string& request) {
    // The address is the last value.
    const auto end = request.size() - 2;
    const auto begin = request.rfind('\0', end - 1) + 1;
    return "status\0000\0recipient_status\0002\0reason\0not "s +
           request.substr(begin, end - begin) + "\0\0"s;
}

void silent(const fake_client& client) { client.wait(); }

struct fixture {
    temporary_directory dir;
    std::string path = dir.file("socket");
    asio::io_context context{1};

    /// Until there is nothing left to do; for ever is a failure.
    void run() {
        context.restart();
        context.run_for(30s);
        REQUIRE(context.stopped());
    }
    void run_for(std::chrono::milliseconds time) {
        context.restart();
        context.run_for(time);
    }
};

flush_client_settings flush_settings(const fixture& f, std::size_t most_connections = 100,
                                     std::chrono::milliseconds limit = 20s) {
    return {f.path, limit, most_connections};
}

/// How often each outcome came.
using outcomes = std::map<flush_outcome, int>;

outcomes ask_often(fixture& f, flush_client& client, int count) {
    outcomes result;
    for (int i = 0; i < count; ++i)
        call_when_done(f.context,
                       client.add("customer.tld", *queue_id::parse(fmt::format("{}", 1000 + i))),
                       [&](const flush_result& one) { ++result[one.outcome]; });
    f.run();
    return result;
}

} // namespace

TEST_CASE("a flush client has so many connections at once, and others wait in order") {
    fixture f;
    const crowd_service service(f.path);
    flush_client client(f.context, flush_settings(f, 16));
    CHECK(ask_often(f, client, 2000) == outcomes{{flush_outcome::ok, 2000}});
    CHECK(service.most() <= 16);
    CHECK(service.most() > 1);
    const auto order = service.order();
    REQUIRE(order.size() == 2000);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("thousands of requests at once need no more descriptors than a flush client may have") {
    fixture f;
    const crowd_service service(f.path);
    flush_client client(f.context, flush_settings(f, 20));
    const descriptor_limit limit(64);
    CHECK(ask_often(f, client, 3000) == outcomes{{flush_outcome::ok, 3000}});
}

TEST_CASE("a flush client that is out of descriptors says so, and not that the system is down") {
    fixture f;
    const crowd_service service(f.path);
    flush_client client(f.context, flush_settings(f, 1000));
    outcomes result;
    {
        const descriptor_limit limit(64);
        result = ask_often(f, client, 2000);
    }
    CHECK(result[flush_outcome::ok] > 0);
    CHECK(result[flush_outcome::out_of_resources] > 0);
    CHECK(result[flush_outcome::ok] + result[flush_outcome::out_of_resources] == 2000);
    CHECK(ask_often(f, client, 500) == outcomes{{flush_outcome::ok, 500}});
}

TEST_CASE(
    "out of descriptors is no exception and names the cause, also where nothing is open yet") {
    const fixture f;
    const bool is_new = GENERATE(true, false);
    asio::io_context context(1);
    std::optional<asio::steady_timer> timer;
    if (!is_new) // the loop has its own descriptors
        timer.emplace(context);
    flush_client flush(context, flush_settings(f));
    verify_client verify(context, {f.path});
    std::vector<std::string> told;
    call_when_done(context, flush.purge(), [&](const flush_result& one) {
        CHECK(one.outcome == flush_outcome::out_of_resources);
        told.push_back(one.text);
    });
    call_when_done(context, verify.query("a@b"), [&](const verify_answer& one) {
        REQUIRE(one.failure);
        CHECK(one.failure->why == reason::out_of_resources);
        told.push_back(one.failure->text);
    });
    {
        const descriptor_limit limit(3);
        context.run();
    }
    CHECK(told == std::vector<std::string>(2, "connect to " + f.path + ": Too many open files"));
}

TEST_CASE("the limit of a flush request counts while it waits for a connection") {
    fixture f;
    const fake_service service(f.path, silent);
    flush_client client(f.context, flush_settings(f, 1, 200ms));
    CHECK(ask_often(f, client, 5) == outcomes{{flush_outcome::timed_out, 5}});
}

TEST_CASE("requests of a flush client that is destroyed are given up, and told so") {
    fixture f;
    const fake_service service(f.path, silent);
    auto client = std::make_unique<flush_client>(f.context, flush_settings(f, 2));
    std::vector<flush_result> results;
    const auto ask = [&] {
        call_when_done(f.context, client->purge(),
                       [&](const flush_result& one) { results.push_back(one); });
    };
    const bool has_begun = GENERATE(true, false);
    for (int i = 0; i < 5; ++i) // two are under way, the others wait
        ask();
    if (has_begun)
        f.run_for(100ms);
    CHECK(results.empty());
    client.reset();
    f.run();
    REQUIRE(results.size() == 5);
    for (const auto& result : results) {
        CHECK(result.outcome == flush_outcome::client_closed);
        CHECK_THAT(result.text, Catch::Matchers::EndsWith("the client was closed"));
    }
}

TEST_CASE("a step of a connection that is closed or destroyed is given up, and told so") {
    fixture f;
    const fake_service service(f.path, silent);
    auto connection = std::make_unique<service_connection>(f.context, f.path);
    std::optional<service_failure> failure;
    call_when_done(f.context, connection->connect(),
                   [&](std::optional<service_failure> why) { failure = std::move(why); });
    f.run();
    REQUIRE_FALSE(failure);
    std::string input;
    call_when_done(f.context, connection->receive(input),
                   [&](std::optional<service_failure> why) { failure = std::move(why); });
    f.run_for(50ms);
    REQUIRE_FALSE(failure);
    if (GENERATE(true, false))
        connection->close();
    else
        connection.reset();
    f.run();
    REQUIRE(failure);
    CHECK(failure->why == reason::client_closed);
    CHECK(failure->text == "read given up on " + f.path + ": the client was closed");
}

TEST_CASE("several queries at once on one verify client are answered in turn") {
    fixture f;
    const fake_service service(f.path, [](const fake_client& client) {
        client.say(verify_announcement);
        for (auto request = client.hear(); !request.empty(); request = client.hear())
            client.say(verify_reply_about(request));
    });
    auto verify = std::make_unique<verify_client>(f.context, verify_client_settings{f.path, 10s});
    std::vector<std::string> answers;
    for (int i = 0; i < 50; ++i)
        call_when_done(f.context, verify->query(fmt::format("u{}@b", i)),
                       [&](const verify_answer& one) {
                           answers.push_back(one.failure ? one.failure->text : one.reason);
                       });
    f.run();
    std::vector<std::string> expected;
    for (int i = 0; i < 50; ++i)
        expected.push_back(fmt::format("not u{}@b", i));
    CHECK(answers == expected);
    verify.reset(); // hangs up
}

TEST_CASE("several queries at once that nobody answers end at their limit") {
    fixture f;
    const fake_service service(f.path, silent);
    verify_client verify(f.context, {f.path, 200ms});
    std::vector<reason> why;
    for (int i = 0; i < 3; ++i)
        call_when_done(f.context, verify.query("a@b"),
                       [&](const verify_answer& one) { why.push_back(one.failure->why); });
    f.run();
    CHECK(why == std::vector<reason>(3, reason::timed_out));
}

TEST_CASE("a query that would have to wait behind too many is refused at once") {
    fixture f;
    const fake_service service(f.path, silent);
    verify_client verify(f.context, {f.path, 500ms, 2});
    std::vector<reason> why;
    std::string text;
    for (int i = 0; i < 5; ++i)
        call_when_done(f.context, verify.query("a@b"), [&](const verify_answer& one) {
            why.push_back(one.failure->why);
            if (one.failure->why == reason::too_many)
                text = one.failure->text;
        });
    f.run_for(100ms);
    CHECK(why == std::vector<reason>(2, reason::too_many));
    CHECK(text == "too many requests wait for " + f.path);
    f.run();
    CHECK(why.size() == 5);
}

TEST_CASE("after a query has timed out, the one that waited is asked by another connection") {
    fixture f;
    std::atomic<int> connections = 0;
    const fake_service service(f.path, [&](const fake_client& client) {
        if (++connections == 1) {
            client.wait();
            return;
        }
        client.say(verify_announcement);
        client.say(verify_reply_about(client.hear()));
    });
    verify_client verify(f.context, {f.path, 400ms});
    std::vector<std::string> answers;
    const auto ask = [&](const std::string& address) {
        call_when_done(f.context, verify.query(address), [&](const verify_answer& one) {
            answers.push_back(one.failure ? one.failure->text : one.reason);
        });
    };
    ask("first@b");
    f.run_for(300ms);
    ask("second@b");
    f.run();
    CHECK(answers == std::vector<std::string>{"read timeout on " + f.path, "not second@b"});
}

TEST_CASE("queries of a client that is destroyed are given up, and told so") {
    fixture f;
    const fake_service service(f.path, silent);
    auto verify = std::make_unique<verify_client>(f.context, verify_client_settings{f.path, 10s});
    auto anvil = std::make_unique<anvil_client>(f.context, anvil_client_settings{f.path, 10s});
    std::vector<reason> why;
    const auto note = [&](const std::optional<service_failure>& failure) {
        why.push_back(failure ? failure->why : reason::malformed);
    };
    const bool has_begun = GENERATE(true, false);
    for (int i = 0; i < 2; ++i) {
        call_when_done(f.context, verify->query("a@b"),
                       [&](const verify_answer& one) { note(one.failure); });
        call_when_done(f.context, verify->update("a@b", address_status::deferred, "later"), note);
        call_when_done(f.context, anvil->ask(anvil_request::lookup, "smtp", "192.0.2.1"),
                       [&](const anvil_answer& one) { note(one.failure); });
    }
    if (has_begun)
        f.run_for(100ms);
    CHECK(why.empty());
    verify.reset();
    anvil.reset();
    f.run();
    CHECK(why == std::vector<reason>(6, reason::client_closed));
}

TEST_CASE("a step of a queue listing that is closed gives null, and told why") {
    fixture f;
    const fake_service service(f.path, silent);
    showq_client queue(f.context, {f.path, 10s});
    bool is_done = false;
    call_when_done(f.context, queue.next(), [&](const queued_message* message) {
        CHECK(message == nullptr);
        is_done = true;
    });
    f.run_for(50ms);
    CHECK_FALSE(is_done);
    queue.close();
    f.run();
    CHECK(is_done);
    REQUIRE(queue.failure());
    CHECK(queue.failure()->why == reason::client_closed);
}

#if BOOST_VERSION >= 107700

namespace {

/// Starts it so that the signal cancels it.
template <typename Result, typename Handler>
void start(fixture& f, asio::cancellation_signal& signal, asio::awaitable<Result> task,
           Handler handler) {
    asio::co_spawn(f.context, std::move(task),
                   asio::bind_cancellation_slot(
                       signal.slot(), [handler](const std::exception_ptr& thrown, Result result) {
                           REQUIRE_FALSE(thrown);
                           handler(std::move(result));
                       }));
}

} // namespace

TEST_CASE("a flush request that is cancelled says so, under way and while it waits") {
    fixture f;
    const crowd_service service(f.path);
    const auto silent_path = f.dir.file("silent");
    const fake_service nobody(silent_path, silent);
    auto settings = flush_settings(f, 1);
    settings.path = silent_path;
    flush_client client(f.context, settings);
    asio::cancellation_signal first, second;
    std::vector<std::string> told;
    const auto note = [&](const flush_result& one) {
        CHECK(one.outcome == flush_outcome::cancelled);
        told.push_back(one.text);
    };
    start(f, first, client.purge(), note);
    start(f, second, client.purge(), note);
    f.run_for(100ms);
    CHECK(told.empty());
    second.emit(asio::cancellation_type::terminal);
    first.emit(asio::cancellation_type::terminal);
    f.run();
    CHECK(told == std::vector<std::string>{"wait cancelled on " + silent_path,
                                           "read cancelled on " + silent_path});
}

TEST_CASE("a place is free again when the request that had it, or waited for it, is cancelled") {
    fixture f;
    std::atomic<int> connections = 0;
    const fake_service service(f.path, [&](const fake_client& client) {
        if (++connections == 1) {
            client.wait();
            return;
        }
        client.say(flush_announcement());
        static_cast<void>(client.hear());
        client.say(encode(flush_status::ok));
    });
    flush_client client(f.context, flush_settings(f, 1));
    asio::cancellation_signal signals[3];
    std::vector<flush_outcome> told;
    const auto note = [&](const flush_result& one) { told.push_back(one.outcome); };
    start(f, signals[0], client.purge(), [&](const flush_result& one) {
        note(one);
        // It has been let in by now, and does not know yet.
        signals[1].emit(asio::cancellation_type::terminal);
    });
    start(f, signals[1], client.purge(), note);
    start(f, signals[2], client.purge(), note);
    f.run_for(100ms);
    signals[0].emit(asio::cancellation_type::terminal);
    f.run();
    CHECK(told == std::vector<flush_outcome>{flush_outcome::cancelled, flush_outcome::cancelled,
                                             flush_outcome::ok});
}

TEST_CASE(
    "a query that is cancelled says so, and the one behind it is asked by another connection") {
    fixture f;
    std::atomic<int> connections = 0;
    const fake_service service(f.path, [&](const fake_client& client) {
        if (++connections == 1) {
            client.wait();
            return;
        }
        client.say(verify_announcement);
        for (auto request = client.hear(); !request.empty(); request = client.hear())
            client.say(verify_reply_about(request));
    });
    auto verify = std::make_unique<verify_client>(f.context, verify_client_settings{f.path, 10s});
    asio::cancellation_signal first, second;
    std::vector<std::string> told;
    const auto note = [&](const verify_answer& one) {
        told.push_back(one.failure ? fmt::format("{} {}", one.failure->why == reason::cancelled,
                                                 one.failure->text)
                                   : one.reason);
    };
    start(f, first, verify->query("first@b"), note);
    start(f, second, verify->query("second@b"), note);
    f.run_for(100ms);
    first.emit(asio::cancellation_type::terminal);
    f.run();
    CHECK(told == std::vector<std::string>{"true read cancelled on " + f.path, "not second@b"});
    verify.reset();
}

TEST_CASE("a queue listing that is cancelled says so") {
    fixture f;
    const fake_service service(f.path, silent);
    showq_client queue(f.context, {f.path, 10s});
    asio::cancellation_signal signal;
    bool is_done = false;
    start(f, signal, queue.next(), [&](const queued_message* message) {
        CHECK(message == nullptr);
        is_done = true;
    });
    f.run_for(50ms);
    signal.emit(asio::cancellation_type::terminal);
    f.run();
    CHECK(is_done);
    REQUIRE(queue.failure());
    CHECK(queue.failure()->why == reason::cancelled);
}

TEST_CASE("a request that waits for room in the service's backlog can be cancelled") {
    fixture f;
    const fake_service service(f.path, silent, 0);
    std::vector<std::unique_ptr<service_connection>> all;
    asio::cancellation_signal signal;
    std::vector<std::optional<service_failure>> told;
    // One is served, some are in the backlog, and then there is no room.
    for (int i = 0; i < 10; ++i) {
        all.push_back(std::make_unique<service_connection>(f.context, f.path));
        start(f, signal, all.back()->connect(),
              [&](std::optional<service_failure> why) { told.push_back(std::move(why)); });
        f.run_for(50ms);
        if (told.size() <= static_cast<std::size_t>(i))
            break;
    }
    const auto connected = told.size();
    REQUIRE(connected < 10);
    signal.emit(asio::cancellation_type::terminal);
    f.run();
    REQUIRE(told.size() == connected + 1);
    REQUIRE(told.back());
    CHECK(told.back()->why == reason::cancelled);
    CHECK(told.back()->text == "connect cancelled on " + f.path);
}

TEST_CASE("a request that loses against a timer is cancelled") {
    using namespace asio::experimental::awaitable_operators;
    fixture f;
    const fake_service service(f.path, silent);
    flush_client client(f.context, flush_settings(f));
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
