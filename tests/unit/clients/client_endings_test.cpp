// How requests end that do not end by an answer: too many at once, too late, given up.
#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "client_fixture.hpp"
#include "crowd_service.hpp"
#include "fake_service.hpp"
#include "postfix_proto/anvil_client.hpp"
#include "postfix_proto/flush_client.hpp"
#include "postfix_proto/showq_client.hpp"
#include "postfix_proto/verify_client.hpp"

#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <vector>

using namespace postfix_proto;
using namespace std::chrono_literals;
using reason = service_failure::reason;

namespace {

/// How often each outcome came.
using outcomes = std::map<flush_outcome, int>;

outcomes ask_often(client_fixture& f, flush_client& client, int count) {
    std::vector<flush_result> results;
    for (int i = 0; i < count; ++i)
        f.ask(client.add("customer.tld", *queue_id::parse(fmt::format("{}", 1000 + i))), results);
    f.run();
    outcomes counts;
    for (const auto& one : results)
        ++counts[one.outcome];
    return counts;
}

/// A flush client of a service that takes all that come.
struct crowd_fixture : client_fixture {
    explicit crowd_fixture(std::size_t most_connections)
        : client(context, {path, 20s, most_connections}) {}

    crowd_service service{path};
    flush_client client;
};

} // namespace

TEST_CASE("a flush client has so many connections at once, and others wait in order") {
    crowd_fixture f(16);
    CHECK(ask_often(f, f.client, 2000) == outcomes{{flush_outcome::ok, 2000}});
    CHECK(f.service.most() <= 16);
    CHECK(f.service.most() > 1);
    const auto order = f.service.order();
    REQUIRE(order.size() == 2000);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("thousands of requests at once need no more descriptors than a flush client may have") {
    crowd_fixture f(20);
    const descriptor_limit limit(64);
    CHECK(ask_often(f, f.client, 3000) == outcomes{{flush_outcome::ok, 3000}});
}

TEST_CASE("a flush client that is out of descriptors says so, and not that the system is down") {
    crowd_fixture f(1000);
    outcomes result;
    {
        const descriptor_limit limit(64);
        result = ask_often(f, f.client, 2000);
    }
    CHECK(result[flush_outcome::ok] > 0);
    CHECK(result[flush_outcome::out_of_resources] > 0);
    CHECK(result[flush_outcome::ok] + result[flush_outcome::out_of_resources] == 2000);
    CHECK(ask_often(f, f.client, 500) == outcomes{{flush_outcome::ok, 500}});
}

TEST_CASE(
    "out of descriptors is no exception and names the cause, also where nothing is open yet") {
    client_fixture f;
    std::optional<boost::asio::steady_timer> timer;
    if (GENERATE(false, true)) // the loop has its own descriptors
        timer.emplace(f.context);
    flush_client flush(f.context, {f.path});
    verify_client verify(f.context, {f.path});
    std::vector<flush_result> results;
    std::vector<verify_answer> answers;
    f.ask(flush.purge(), results);
    f.ask(verify.query("a@b"), answers);
    {
        const descriptor_limit limit(3);
        f.context.run();
    }
    const auto text = "connect to " + f.path + ": Too many open files";
    REQUIRE(results.size() == 1);
    CHECK(results[0].outcome == flush_outcome::out_of_resources);
    CHECK(results[0].text == text);
    CHECK(reasons_of(answers) == std::vector{reason::out_of_resources});
    CHECK(texts_of(answers) == std::vector{text});
}

TEST_CASE("the limit of a flush request counts while it waits for a connection") {
    silent_fixture f;
    flush_client client(f.context, {f.path, 200ms, 1});
    CHECK(ask_often(f, client, 5) == outcomes{{flush_outcome::timed_out, 5}});
}

TEST_CASE("requests of a flush client that is destroyed are given up, and told so") {
    silent_fixture f;
    auto client = std::make_unique<flush_client>(f.context, flush_client_settings{f.path, 20s, 2});
    std::vector<flush_result> results;
    for (int i = 0; i < 5; ++i) // two are under way, the others wait
        f.ask(client->purge(), results);
    if (GENERATE(true, false))
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
    silent_fixture f;
    auto connection = std::make_unique<service_connection>(f.context, f.path);
    std::vector<service_connection::outcome> outcomes;
    f.ask(connection->connect(), outcomes);
    f.run();
    REQUIRE(outcomes.size() == 1);
    REQUIRE_FALSE(outcomes[0]);
    std::string input;
    f.ask(connection->receive(input), outcomes);
    f.run_for(50ms);
    REQUIRE(outcomes.size() == 1);
    if (GENERATE(true, false))
        connection->close();
    else
        connection.reset();
    f.run();
    REQUIRE(outcomes.size() == 2);
    REQUIRE(outcomes[1]);
    CHECK(outcomes[1]->why == reason::client_closed);
    CHECK(outcomes[1]->text == "read given up on " + f.path + ": the client was closed");
}

TEST_CASE("several queries at once on one verify client are answered in turn") {
    client_fixture f;
    const fake_service service(f.path, answer_queries);
    verify_client verify(f.context, {f.path, 10s});
    std::vector<verify_answer> answers;
    std::vector<std::string> expected;
    for (int i = 0; i < 50; ++i) {
        f.ask(verify.query(fmt::format("u{}@b", i)), answers);
        expected.push_back(fmt::format("not u{}@b", i));
    }
    f.run();
    CHECK(texts_of(answers) == expected);
}

TEST_CASE("several queries at once that nobody answers end at their limit") {
    silent_fixture f;
    verify_client verify(f.context, {f.path, 200ms});
    std::vector<verify_answer> answers;
    for (int i = 0; i < 3; ++i)
        f.ask(verify.query("a@b"), answers);
    f.run();
    CHECK(reasons_of(answers) == std::vector(3, reason::timed_out));
}

TEST_CASE("a query that would have to wait behind too many is refused at once") {
    silent_fixture f;
    verify_client verify(f.context, {f.path, 500ms, 2});
    std::vector<verify_answer> answers;
    for (int i = 0; i < 5; ++i)
        f.ask(verify.query("a@b"), answers);
    f.run_for(100ms);
    CHECK(reasons_of(answers) == std::vector(2, reason::too_many));
    CHECK(texts_of(answers).back() == "too many requests wait for " + f.path);
    f.run();
    CHECK(answers.size() == 5);
}

TEST_CASE("after a query has timed out, the one that waited is asked by another connection") {
    client_fixture f;
    const fake_service service(f.path, silent_at_first(answer_queries));
    verify_client verify(f.context, {f.path, 400ms});
    std::vector<verify_answer> answers;
    f.ask(verify.query("first@b"), answers);
    f.run_for(300ms);
    f.ask(verify.query("second@b"), answers);
    f.run();
    CHECK(texts_of(answers) ==
          std::vector<std::string>{"read timeout on " + f.path, "not second@b"});
}

TEST_CASE("queries of a client that is destroyed are given up, and told so") {
    silent_fixture f;
    auto verify = std::make_unique<verify_client>(f.context, verify_client_settings{f.path, 10s});
    auto anvil = std::make_unique<anvil_client>(f.context, anvil_client_settings{f.path, 10s});
    std::vector<verify_answer> answers;
    std::vector<service_connection::outcome> updates;
    std::vector<anvil_answer> counts;
    for (int i = 0; i < 2; ++i) {
        f.ask(verify->query("a@b"), answers);
        f.ask(verify->update("a@b", address_status::deferred, "later"), updates);
        f.ask(anvil->ask(anvil_request::lookup, "smtp", "192.0.2.1"), counts);
    }
    if (GENERATE(true, false))
        f.run_for(100ms);
    CHECK(answers.size() + updates.size() + counts.size() == 0);
    verify.reset();
    anvil.reset();
    f.run();
    for (const auto& one : updates)
        answers.push_back({one, {}, {}});
    for (const auto& one : counts)
        answers.push_back({one.failure, {}, {}});
    CHECK(reasons_of(answers) == std::vector(6, reason::client_closed));
}

TEST_CASE("a step of a queue listing that is closed gives null, and told why") {
    silent_fixture f;
    showq_client queue(f.context, {f.path, 10s});
    std::vector<const queued_message*> messages;
    f.ask(queue.next(), messages);
    f.run_for(50ms);
    CHECK(messages.empty());
    queue.close();
    f.run();
    CHECK(messages == std::vector<const queued_message*>{nullptr});
    REQUIRE(queue.failure());
    CHECK(queue.failure()->why == reason::client_closed);
}
