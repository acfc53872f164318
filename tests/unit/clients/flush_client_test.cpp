#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "fake_service.hpp"
#include "postfix_proto/call_when_done.hpp"
#include "postfix_proto/flush_client.hpp"
#include "temporary_directory.hpp"

#include <boost/asio/co_spawn.hpp>

#include <mutex>
#include <vector>

using namespace postfix_proto;
using namespace std::string_literals;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

const auto some_id = queue_id::parse("9B01F20A3C").value();

struct fixture {
    temporary_directory dir;
    flush_client_settings settings{dir.file("flush"), 2s};

    [[nodiscard]] flush_result ask(const flush_request& what) const {
        return ask_flush(what, settings);
    }
};

} // namespace

TEST_CASE("a flush client asks what it is told to ask, of either generation") {
    fixture f;
    const bool announces = GENERATE(true, false);
    std::vector<std::string> requests;
    std::mutex mutex;
    const fake_service service(f.settings.path, [&](const fake_client& client) {
        if (announces)
            client.say(flush_announcement());
        const std::lock_guard lock(mutex);
        requests.push_back(client.hear());
        client.say(encode(flush_status::ok));
    });
    asio::io_context context(1);
    flush_client client(context, f.settings);
    std::vector<flush_result> results;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
            results.push_back(co_await client.add("customer.tld", some_id));
            results.push_back(co_await client.send_site("customer.tld"));
            results.push_back(co_await client.send_file(some_id));
            results.push_back(co_await client.refresh());
            results.push_back(co_await client.purge());
        },
        [](const std::exception_ptr& failure) { REQUIRE_FALSE(failure); });
    context.run();
    REQUIRE(results.size() == 5);
    for (const auto& result : results) {
        CHECK(result.outcome == flush_outcome::ok);
        CHECK(result.text.empty());
    }
    const std::lock_guard lock(mutex);
    CHECK(requests == std::vector<std::string>{
                          encode(add_request{"customer.tld", some_id}),
                          encode(send_site_request{"customer.tld"}),
                          encode(send_file_request{some_id}),
                          encode(refresh_request{}),
                          encode(purge_request{}),
                      });
}

TEST_CASE("a flush client tells what became of a request") {
    fixture f;
    struct row {
        std::string reply;
        flush_outcome outcome;
        std::string text; // after the path where there is one
    };
    const auto announcement = flush_announcement();
    const auto row = GENERATE_COPY(values<struct row>({
        {announcement + encode(flush_status::deny), flush_outcome::deny,
         "Flush service is not configured for destination \"customer.tld\""},
        {encode(flush_status::deny), flush_outcome::deny,
         "Flush service is not configured for destination \"customer.tld\""},
        {announcement + encode(flush_status::bad), flush_outcome::bad,
         "Invalid request: \"customer.tld\""},
        {announcement + encode(flush_status::fail), flush_outcome::fail,
         "Flush service failed for \"customer.tld\", the mail log says why"},
        {announcement, flush_outcome::closed, "unexpected end of input from "},
        {"", flush_outcome::closed, "unexpected end of input from "},
        {announcement + "status\0000\0"s, flush_outcome::closed, "unexpected end of input from "},
        {"protocol\0proxymap_protocol\0\0"s, flush_outcome::malformed,
         ": unexpected protocol \"proxymap_protocol\" (expecting queue_flush_protocol)"},
        {announcement + "status\0007\0\0"s, flush_outcome::malformed, ": unknown status \"7\""},
    }));
    CAPTURE(row.reply);
    const bool is_hasty = GENERATE(false, true); // does not read the request
    const fake_service service(f.settings.path, [&](const fake_client& client) {
        if (!is_hasty)
            static_cast<void>(client.hear());
        client.say(row.reply);
    });
    const auto result = f.ask(send_site_request{"customer.tld"});
    CHECK(result.outcome == row.outcome);
    CHECK(result.text.find(row.text) != std::string::npos);
}

TEST_CASE("a flush client says that the mail system is down") {
    const fixture f;
    const auto result = f.ask(refresh_request{});
    CHECK(result.outcome == flush_outcome::unreachable);
    CHECK(result.text == "Cannot flush mail queue - mail system is down (connect to " +
                             f.settings.path + ": No such file or directory)");
}

TEST_CASE("a flush client has one limit for a request in all") {
    fixture f;
    f.settings.limit = 200ms;
    const fake_service service(f.settings.path, [](const fake_client& client) {
        // Something every now and then does not keep it waiting.
        for (const char byte : flush_announcement() + encode(flush_status::ok)) {
            std::this_thread::sleep_for(20ms);
            client.say({&byte, 1});
        }
    });
    const auto begin = std::chrono::steady_clock::now();
    const auto result = f.ask(purge_request{});
    CHECK(result.outcome == flush_outcome::timed_out);
    CHECK(result.text == "read timeout on " + f.settings.path);
    CHECK(std::chrono::steady_clock::now() - begin < 900ms);
}

TEST_CASE("a flush client calls back when it is done, and not before run()") {
    fixture f;
    const fake_service service(f.settings.path, [](const fake_client& client) {
        client.say(flush_announcement());
        const auto request = client.hear();
        client.say(
            encode(request == encode(purge_request{}) ? flush_status::ok : flush_status::deny));
    });
    asio::io_context context(1);
    flush_client client(context, f.settings);
    std::vector<flush_outcome> outcomes;
    call_when_done(context, client.purge(), [&](const flush_result& first) {
        outcomes.push_back(first.outcome);
        call_when_done(context, client.send_site("x"),
                       [&](const flush_result& second) { outcomes.push_back(second.outcome); });
    });
    CHECK(outcomes.empty());
    context.run();
    CHECK(outcomes == std::vector<flush_outcome>{flush_outcome::ok, flush_outcome::deny});
}

TEST_CASE("what a callback throws comes out of run()") {
    fixture f;
    asio::io_context context(1);
    flush_client client(context, f.settings);
    call_when_done(context, client.purge(),
                   [](const flush_result& result) { throw std::runtime_error(result.text); });
    CHECK_THROWS_AS(context.run(), std::runtime_error);
}
