#include <algorithm>
#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "fake_proxymap.hpp"
#include "fake_service.hpp"
#include "postfix_proto/proxymap_client.hpp"
#include "recording_sink.hpp"
#include "temporary_directory.hpp"

#include <optional>

using namespace postfix_proto;
namespace asio = boost::asio;

namespace {

using strings = std::vector<std::string>;
const auto missing = lookup_result::not_found();

lookup_result found(std::string value) { return lookup_result::found(std::move(value)); }

struct fixture {
    temporary_directory dir;
    recorded_log lines;
    logger log{lines.sink()};
    asio::io_context context{1};
    fake_proxymap server{context, dir.file("proxymap")};
    proxymap_settings settings;
    std::optional<proxymap_client> client;

    fixture() {
        server.entries = {{"a", "1"}, {"b", "2"}};
        settings.path = dir.file("proxymap");
        settings.limit = std::chrono::seconds(1);
        settings.retry_delay = std::chrono::milliseconds(20);
    }
    void start() {
        server.start();
        client.emplace(context, settings, log);
    }
    void ask(const std::string& key, std::optional<remote_answer>& answer,
             const std::string& table = "ldap:/x") {
        asio::co_spawn(context, client->ask({table, key}),
                       [&answer](const std::exception_ptr& failure, remote_answer result) {
                           REQUIRE_FALSE(failure);
                           answer = std::move(result);
                       });
    }
    remote_answer ask(const std::string& key, const std::string& table = "ldap:/x") {
        std::optional<remote_answer> answer;
        ask(key, answer, table);
        run_until([&] { return answer.has_value(); });
        return answer.value();
    }
    template <typename Predicate>
    void run_until(Predicate is_done) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!is_done() && std::chrono::steady_clock::now() < end) {
            context.restart();
            context.run_one_for(std::chrono::milliseconds(100));
        }
        REQUIRE(is_done());
    }
};

} // namespace

TEST_CASE("a proxymap client keeps its connection and opens a table once on it") {
    fixture f;
    f.server.announces = GENERATE(true, false);
    f.server.keys_are_fixed = GENERATE(true, false);
    f.settings.form = f.server.form =
        GENERATE(proxymap_form::table_flags, proxymap_form::instance_flags);
    f.start();
    const auto answer = f.ask("a");
    CHECK(answer.result == found("1"));
    CHECK(answer.keys_are_fixed == f.server.keys_are_fixed);
    CHECK(f.ask("c").result == missing);
    CHECK(f.ask("b").result == found("2"));
    CHECK(f.ask("b").result == found("2")); // asked anew
    CHECK(f.server.requests == strings{"open ldap:/x", "lookup ldap:/x a", "lookup ldap:/x c",
                                       "lookup ldap:/x b", "lookup ldap:/x b"});
    CHECK(f.server.connections == 1);
    CHECK(f.lines.lines().empty());
}

TEST_CASE("a proxymap client fails what proxymap fails, and goes on") {
    fixture f;
    f.start();
    CHECK(f.ask("a", "ldap:/y").result ==
          lookup_result::failed(
              "proxymap is not configured for it: list proxy:ldap:/y in proxy_read_maps, and "
              "reload Postfix"));
    f.server.lookup_status = 2;
    CHECK(f.ask("a").result.outcome == lookup_result::status::failed);
    f.server.lookup_status = 0;
    CHECK(f.ask("a").result == found("1"));
    CHECK(f.server.connections == 1);
}

TEST_CASE("a proxymap client does not ask again at once about a table that was refused") {
    fixture f;
    const bool soon = GENERATE(true, false);
    f.settings.retry_delay = soon ? std::chrono::minutes(10) : std::chrono::minutes(0);
    f.start();
    const auto first = f.ask("a", "ldap:/y").result;
    CHECK(f.ask("b", "ldap:/y").result == first);
    CHECK(std::count(f.server.requests.begin(), f.server.requests.end(), "open ldap:/y") ==
          (soon ? 1 : 2));
    CHECK(f.ask("a").result == found("1")); // which is about another one
}

TEST_CASE("a proxymap client gives back the flags that each reply told") {
    fixture f;
    f.settings.form = f.server.form = proxymap_form::instance_flags;
    f.server.flags_beyond = GENERATE(0, 4, 1572864);
    f.start();
    for (const auto& [key, value] : f.server.entries)
        CHECK(f.ask(key).result == found(value));
    CHECK(f.ask("c").result == missing);
    f.server.lookup_status = 2; // the table fails, and has flags all the same
    CHECK(f.ask("a").result.outcome == lookup_result::status::failed);
    f.server.lookup_status = 0;
    CHECK(f.ask("a").result == found("1"));
    CHECK(f.server.connections == 1);
    f.server.lookup_status = 4; // whoever has no table has no flags
    CHECK(f.ask("a").result.outcome == lookup_result::status::failed);
    f.server.lookup_status = 0;
    CHECK(f.ask("a").result == found("1"));
    CHECK(f.ask("b").result == found("2"));
    CHECK(std::count(f.server.requests.begin(), f.server.requests.end(), "open ldap:/x") == 2);
    CHECK(f.lines.lines().empty());
}

TEST_CASE("a proxymap client knows fixed keys from patterns, whatever else the flags say") {
    fixture f;
    f.settings.form = f.server.form = proxymap_form::instance_flags;
    f.server.keys_are_fixed = GENERATE(true, false);
    f.server.flags_beyond = 1572864;
    f.start();
    for (int i = 0; i < 3; ++i)
        CHECK(f.ask("a").keys_are_fixed == f.server.keys_are_fixed);
}

TEST_CASE("a proxymap client takes up a connection that was lost, without a word") {
    fixture f;
    f.server.requests_per_connection = GENERATE(2, 3);
    f.start();
    for (int i = 0; i < 10; ++i) {
        CHECK(f.ask("a").result == found("1"));
        f.context.restart();
        f.context.poll(); // now or later the server hangs up
    }
    CHECK(f.server.connections >= 5);
    CHECK(f.lines.lines().empty());
}

TEST_CASE("a proxymap client waits for a proxymap that is not there yet") {
    fixture f;
    f.client.emplace(f.context, f.settings, f.log);
    std::optional<remote_answer> answer;
    f.ask("a", answer);
    f.run_until([&] { return !f.lines.lines().empty(); }); // it has tried twice
    CHECK_FALSE(answer);
    f.server.start();
    f.run_until([&] { return answer.has_value(); });
    CHECK(answer->result == found("1"));
    CHECK(f.lines.lines().size() == 1);
}

TEST_CASE("a proxymap client gives up when its time is over") {
    fixture f;
    SECTION("nobody listens") { f.client.emplace(f.context, f.settings, f.log); }
    SECTION("no answer comes") {
        f.server.answers = false;
        f.start();
    }
    SECTION("it is another service") {
        f.server.protocol_name = "queue_flush_protocol";
        f.start();
    }
    SECTION("all connections are busy") {
        f.server.answers = false;
        f.settings.most_connections = 1;
        f.start();
        std::optional<remote_answer> first;
        f.ask("b", first);
        CHECK(f.ask("a").result.outcome == lookup_result::status::failed);
        CHECK(f.server.connections <= 2);
        f.run_until([&] { return first.has_value(); });
        return;
    }
    SECTION("each reply is cut short") {
        f.server.requests_per_connection = 1;
        f.start();
    }
    const auto start = std::chrono::steady_clock::now();
    CHECK(f.ask("a").result == lookup_result::failed("no answer from " + f.settings.path));
    const auto spent = std::chrono::steady_clock::now() - start;
    CHECK(spent > std::chrono::milliseconds(900));
    CHECK(spent < std::chrono::seconds(3));
    CHECK(f.lines.contains("no answer about table ldap:/x within 1 s"));
}

TEST_CASE("who asks the same at the same time shares an answer; other questions run beside it") {
    fixture f;
    f.server.delay = std::chrono::milliseconds(30);
    f.settings.most_connections = 3;
    f.start();
    std::vector<std::optional<remote_answer>> same(5), others(8);
    for (auto& answer : same)
        f.ask("a", answer);
    for (std::size_t i = 0; i < others.size(); ++i)
        f.ask("x" + std::to_string(i), others[i]);
    f.run_until([&] {
        return std::all_of(others.begin(), others.end(), [](const auto& a) { return a; }) &&
               std::all_of(same.begin(), same.end(), [](const auto& a) { return a; });
    });
    for (const auto& answer : same)
        CHECK(answer->result == found("1"));
    for (const auto& answer : others)
        CHECK(answer->result == missing);
    CHECK(std::count(f.server.requests.begin(), f.server.requests.end(), "lookup ldap:/x a") == 1);
    CHECK(f.server.connections == 3);
}

TEST_CASE("a proxymap client closes a connection that nobody uses") {
    fixture f;
    f.settings.idle_limit = std::chrono::seconds(0);
    f.start();
    CHECK(f.ask("a").result == found("1"));
    f.context.restart();
    f.context.run_for(std::chrono::milliseconds(50));
    CHECK(f.ask("a").result == found("1"));
    CHECK(f.server.connections == 2);
}

TEST_CASE("a blocking proxymap client keeps its connection between questions") {
    const temporary_directory dir;
    recorded_log lines;
    logger log{lines.sink()};
    std::atomic<int> connections = 0;
    const bool announces = GENERATE(true, false);
    const fake_service service(dir.file("proxymap"), [&](const fake_client& peer) {
        using namespace std::string_literals;
        ++connections;
        if (announces)
            peer.say("protocol\0proxymap_protocol\0\0"s);
        for (auto request = peer.hear(); !request.empty(); request = peer.hear())
            peer.say(request.find("open") != std::string::npos     ? "status\0000\0flags\00016\0\0"s
                     : request.find("\0a\0"s) != std::string::npos ? "status\0000\0value\0001\0\0"s
                                                                   : "status\0001\0value\0\0\0"s);
    });
    blocking_proxymap_client tables({.path = dir.file("proxymap")}, log);
    CHECK(tables.ask({"ldap:/x", "a"}).result == found("1"));
    CHECK(tables.ask({"ldap:/x", "b"}).result == missing);
    CHECK(tables.ask({"ldap:/x", "a"}).keys_are_fixed);
    CHECK(connections == 1);
    CHECK(lines.lines().empty());
}

TEST_CASE("no more than so many wait for a proxymap that does not answer") {
    fixture f;
    f.server.answers = false;
    f.settings.limit = std::chrono::seconds(2);
    f.settings.most_questions = 5;
    f.start();
    std::vector<std::optional<remote_answer>> answers(20);
    for (std::size_t i = 0; i < answers.size(); ++i)
        f.ask(i % 2 == 0 ? "the same" : std::to_string(i), answers[i]);
    const auto refused = [&] {
        return std::count_if(answers.begin(), answers.end(), [](const auto& answer) {
            return answer && answer->result.text.find("too many requests wait for") == 0;
        });
    };
    f.run_until([&] { return refused() == 15; });
    CHECK(f.lines.contains("5 requests are unanswered"));
    f.run_until([&] {
        return std::all_of(answers.begin(), answers.end(),
                           [](const auto& answer) { return answer.has_value(); });
    });
    CHECK(refused() == 15);
    // One line for those that were refused, one for each question without an answer.
    CHECK(f.lines.lines().size() <= 1 + 5);

    f.server.answers = true;
    CHECK(f.ask("a").result == found("1"));
}
