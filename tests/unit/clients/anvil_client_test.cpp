#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "fake_service.hpp"
#include "fixture_file.hpp"
#include "postfix_proto/anvil_client.hpp"
#include "postfix_proto/attribute_encoder.hpp"
#include "temporary_directory.hpp"

#include <fmt/format.h>

#include <mutex>
#include <vector>

using namespace postfix_proto;
using namespace std::string_literals;
using namespace std::chrono_literals;
using reason = service_failure::reason;

namespace {

const auto announcement = "protocol=anvil_protocol\n\n"s;
const auto one_connection = "status=0\ncount=1\nrate=1\n\n"s;

std::string told(const anvil_counts& c) {
    return fmt::format("{} {} {} {} {} {}", c.connections, c.connection_rate, c.message_rate,
                       c.recipient_rate, c.new_tls_rate, c.auth_rate);
}

struct fixture {
    temporary_directory dir;
    anvil_client_settings settings{dir.file("anvil"), 2s};
};

/// A request, to its end.
std::string hear(const fake_client& client) {
    std::string bytes;
    for (;;) {
        const auto more = client.hear(1);
        bytes += more;
        if (more.empty() || (bytes.size() > 1 && bytes.compare(bytes.size() - 2, 2, "\n\n") == 0))
            return bytes;
    }
}

} // namespace

TEST_CASE("anvil requests are what stock's clients send") {
    const auto version = GENERATE(as<std::string>(), "3.5", "3.7", "3.10");
    std::string bytes;
    for (const auto what :
         {anvil_request::connect, anvil_request::message, anvil_request::recipient,
          anvil_request::recipient, anvil_request::message, anvil_request::recipient,
          anvil_request::disconnect})
        bytes += encode(what, "10025", "127.0.0.1");
    CHECK(bytes == fixture_file("anvil_client-" + version));
    CHECK(encode(anvil_request::lookup, "smtp", "a\nrequest=x") ==
          "request=lookup\nident=smtp:a?request=x\n\n");
}

TEST_CASE("what real anvils say is understood at every split") {
    const auto version = GENERATE(as<std::string>(), "3.5", "3.7", "3.10");
    const auto bytes = fixture_file("anvil-" + version);
    struct step {
        anvil_request what;
        std::string told;
    };
    using request = anvil_request;
    const std::vector<step> conversation = {
        {request::connect, "1 1 0 0 0 0"},
        // By the same connection: the first counts as disconnected.
        {request::connect, "1 2 0 0 0 0"},
        {request::message, "0 0 1 0 0 0"},
        {request::recipient, "0 0 0 1 0 0"},
        {request::recipient, "0 0 0 2 0 0"},
        {request::new_tls, "0 0 0 0 1 0"},
        {request::new_tls_status, "0 0 0 0 1 0"},
        {request::auth, "0 0 0 0 0 1"},
        {request::lookup, "1 2 1 2 1 1"},
        {request::disconnect, "0 0 0 0 0 0"},
        {request::lookup, "0 2 1 2 1 1"},
        {request::connect, "status -1"}, // it was "nonsense"
    };
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
        reply_decoder lists(anvil_protocol_name, 100, attribute_form::plain);
        auto first = std::string_view(bytes).substr(0, split);
        auto second = std::string_view(bytes).substr(split);
        for (const auto& step : conversation) {
            anvil_reply reply(step.what);
            auto result = reply.scanner().feed(lists, first);
            if (result == attribute_scanner::progress::need_more)
                result = reply.scanner().feed(lists, second);
            REQUIRE(result == attribute_scanner::progress::complete);
            const auto complaint = reply.complaint();
            REQUIRE((complaint.empty() ? told(reply.counts()) : complaint) == step.told);
        }
        REQUIRE(second.empty());
    }
}

TEST_CASE("an anvil client keeps its connection, with services of either generation") {
    fixture f;
    const bool announces = GENERATE(true, false);
    std::vector<std::string> requests;
    int connections = 0;
    std::mutex mutex;
    const fake_service service(f.settings.path, [&](const fake_client& client) {
        if (announces)
            client.say(announcement);
        const std::lock_guard lock(mutex);
        ++connections;
        for (auto request = hear(client); !request.empty(); request = hear(client)) {
            requests.push_back(request);
            client.say(requests.size() == 1 ? one_connection : "status=0\nrate=5\n\n");
        }
    });
    {
        blocking_anvil_client anvil(f.settings);
        const auto first = anvil.ask(anvil_request::connect, "smtp", "192.0.2.1");
        CHECK_FALSE(first.failure);
        CHECK(told(first.counts) == "1 1 0 0 0 0");
        const auto second = anvil.ask(anvil_request::auth, "smtp", "192.0.2.1");
        CHECK_FALSE(second.failure);
        CHECK(told(second.counts) == "0 0 0 0 0 5");
    }
    const std::lock_guard lock(mutex);
    CHECK(connections == 1);
    CHECK(requests == std::vector<std::string>{encode(anvil_request::connect, "smtp", "192.0.2.1"),
                                               encode(anvil_request::auth, "smtp", "192.0.2.1")});
}

TEST_CASE("an anvil client takes up a connection that was closed") {
    fixture f;
    std::atomic<int> connections = 0;
    const bool closes_on_request = GENERATE(false, true);
    const fake_service service(f.settings.path, [&](const fake_client& client) {
        ++connections;
        client.say(announcement);
        static_cast<void>(hear(client));
        client.say(one_connection);
        if (closes_on_request) // and not before, so that the client cannot know
            static_cast<void>(client.hear(1));
    });
    blocking_anvil_client anvil(f.settings);
    for (int i = 0; i < 4; ++i) {
        const auto answer = anvil.ask(anvil_request::connect, "smtp", "192.0.2.1");
        REQUIRE_FALSE(answer.failure);
        CHECK(told(answer.counts) == "1 1 0 0 0 0");
        if (!closes_on_request)
            std::this_thread::sleep_for(20ms);
    }
    CHECK(connections == 4);
}

TEST_CASE("an anvil client tells why there is no answer, and asks again when asked to") {
    fixture f;
    struct row {
        std::string reply;
        reason why;
        std::string text; // a part of it
    };
    const auto row = GENERATE_COPY(values<struct row>({
        {"", reason::closed, "unexpected end of input from "},
        {announcement, reason::closed, "unexpected end of input from "},
        {announcement + "status=0\ncount=1\n", reason::closed, "unexpected end of input from "},
        {"protocol=policy\n\n", reason::malformed,
         ": unexpected protocol \"policy\" (expecting anvil_protocol)"},
        {"protocol\0anvil_protocol\0\0\n\n"s, reason::malformed, ": 0 of 3 attributes"},
        {announcement + "status=4294967295\n\n", reason::malformed, ": status -1"},
        {announcement + "status=0\n\n", reason::malformed, ": 1 of 3 attributes"},
        {announcement + "count=1\nrate=1\n\n", reason::malformed, ": 0 of 3 attributes"},
        {announcement + "status=0\ncount=x\n", reason::malformed,
         ": malformed number \"x\" in attribute count"},
        {announcement + std::string(10000, 'x'), reason::malformed, ": over-long attribute"},
    }));
    CAPTURE(row.reply);
    std::atomic<bool> is_well = false;
    const fake_service service(f.settings.path, [&](const fake_client& client) {
        if (is_well)
            client.say(announcement);
        static_cast<void>(hear(client));
        client.say(is_well ? one_connection : row.reply);
    });
    blocking_anvil_client anvil(f.settings);
    const auto answer = anvil.ask(anvil_request::connect, "smtp", "192.0.2.1");
    REQUIRE(answer.failure);
    CHECK(answer.failure->why == row.why);
    CHECK(answer.failure->text.find(row.text) != std::string::npos);
    CHECK(told(answer.counts) == "0 0 0 0 0 0");
    is_well = true;
    CHECK_FALSE(anvil.ask(anvil_request::connect, "smtp", "192.0.2.1").failure);
}

TEST_CASE("an anvil client knows when nobody listens, and when nobody answers") {
    fixture f;
    f.settings.limit = 200ms;
    blocking_anvil_client anvil(f.settings);
    const auto none = anvil.ask(anvil_request::lookup, "smtp", "192.0.2.1");
    REQUIRE(none.failure);
    CHECK(none.failure->why == reason::unreachable);
    const fake_service service(f.settings.path, [&](const fake_client& client) {
        client.say(announcement + "status=0\n");
        client.wait();
    });
    const auto begin = std::chrono::steady_clock::now();
    const auto late = anvil.ask(anvil_request::lookup, "smtp", "192.0.2.1");
    REQUIRE(late.failure);
    CHECK(late.failure->why == reason::timed_out);
    CHECK(late.failure->text == "read timeout on " + f.settings.path);
    CHECK(std::chrono::steady_clock::now() - begin < 900ms);
}

TEST_CASE("an anvil client is not misled by what nobody asked for") {
    fixture f;
    std::atomic<int> connections = 0;
    const fake_service service(f.settings.path, [&](const fake_client& client) {
        client.say(announcement);
        static_cast<void>(hear(client));
        // After the first reply another one, at once or a little later.
        client.say(one_connection + (connections++ == 0 ? "status=0\ncount=7\nrate=7\n\n" : ""));
        std::this_thread::sleep_for(10ms);
        client.say("status=0\ncount=8\nrate=8\n\n");
        client.wait();
    });
    blocking_anvil_client anvil(f.settings);
    for (int i = 0; i < 3; ++i) {
        const auto answer = anvil.ask(anvil_request::connect, "smtp", "192.0.2.1");
        REQUIRE_FALSE(answer.failure);
        CHECK(told(answer.counts) == "1 1 0 0 0 0");
        std::this_thread::sleep_for(40ms);
    }
    CHECK(connections == 3);
}
