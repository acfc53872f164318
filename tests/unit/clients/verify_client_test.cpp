#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "fake_service.hpp"
#include "fixture_file.hpp"
#include "postfix_proto/attribute_encoder.hpp"
#include "postfix_proto/verify_client.hpp"
#include "temporary_directory.hpp"

#include <fmt/format.h>

#include <vector>

using namespace postfix_proto;
using namespace std::string_literals;
using namespace std::chrono_literals;
using reason = service_failure::reason;
using expected = verify_reply::expected;

namespace {

const auto announcement = "protocol\0address_verification_prrotocol\0\0"s;
const auto done = "status\0000\0\0"s;
const auto bounced = "status\0000\0recipient_status\0002\0reason\0no such user\0\0"s;

struct fixture {
    temporary_directory dir;
    verify_client_settings settings{dir.file("verify"), 2s};
};

} // namespace

TEST_CASE("verify requests are what stock's clients send") {
    const auto version = GENERATE(as<std::string>(), "3.5", "3.7", "3.10");
    CHECK(encode_verify_query("two words@customer.tld") +
              encode_verify_query("a=b@mail.provider.tld") +
              encode_verify_query("c@customer.tld") ==
          fixture_file("verify_client-" + version));
    CHECK(encode_verify_update("a@b", address_status::undeliverable, "no such user") ==
          "request\0update\0address\0a@b\0recipient_status\0002\0reason\0no such user\0\0"s);
}

TEST_CASE("what real verifies say is understood at every split") {
    const auto version = GENERATE(as<std::string>(), "3.5", "3.7", "3.10");
    const auto bytes = fixture_file("verify-" + version);
    struct step {
        expected what;
        std::string told;
    };
    const std::vector<step> conversation = {
        {expected::query, "3 Address verification in progress"},
        {expected::update, "0 "},
        {expected::query, "0 delivers to command: true ü"},
        {expected::update, "0 "},
        {expected::query, "2 no such?user"}, // there was a newline
        {expected::update, "the request is malformed, says the service"},
        {expected::query, "the request is malformed, says the service"},
    };
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
        reply_decoder lists(verify_protocol_name, 100);
        auto first = std::string_view(bytes).substr(0, split);
        auto second = std::string_view(bytes).substr(split);
        for (const auto& step : conversation) {
            verify_reply reply(step.what);
            auto result = reply.scanner().feed(lists, first);
            if (result == attribute_scanner::progress::need_more)
                result = reply.scanner().feed(lists, second);
            REQUIRE(result == attribute_scanner::progress::complete);
            const auto complaint = reply.complaint();
            REQUIRE((complaint.empty()
                         ? fmt::format("{} {}", static_cast<int>(reply.status()), reply.reason())
                         : complaint) == step.told);
        }
        REQUIRE(second.empty());
    }
}

TEST_CASE("a verify client asks and reports, with services of either generation") {
    fixture f;
    const bool announces = GENERATE(true, false);
    const fake_service service(f.settings.path, [&](const fake_client& client) {
        if (announces)
            client.say(announcement);
        for (auto request = client.hear(); !request.empty(); request = client.hear())
            client.say(request == encode_verify_query("a@b") ? bounced : done);
    });
    blocking_verify_client verify(f.settings);
    const auto answer = verify.query("a@b");
    CHECK_FALSE(answer.failure);
    CHECK(answer.status == address_status::undeliverable);
    CHECK(answer.reason == "no such user");
    CHECK_FALSE(verify.update("a@b", address_status::deliverable, "250 ok"));
}

TEST_CASE("a verify client tells why there is no answer") {
    fixture f;
    struct row {
        std::string reply;
        reason why;
        std::string text; // a part of it
    };
    const auto row = GENERATE_COPY(values<struct row>({
        {"", reason::closed, "unexpected end of input from "},
        {announcement, reason::closed, "unexpected end of input from "},
        {announcement + bounced.substr(0, 40), reason::closed, "unexpected end of input from "},
        {"protocol\0anvil_protocol\0\0"s, reason::malformed,
         ": unexpected protocol \"anvil_protocol\" (expecting address_verification_prrotocol)"},
        {announcement + "status\0004294967294\0\0"s, reason::malformed,
         ": the request is malformed, says the service"},
        {announcement + "status\0004294967295\0\0"s, reason::malformed, ": status -1"},
        {announcement + done, reason::malformed, ": 1 of 3 attributes"},
        {announcement + "status\0000\0recipient_status\0004\0reason\0x\0\0"s, reason::malformed,
         ": unknown recipient_status 4"},
        {announcement + "status\0000\0recipient_status\0x\0"s, reason::malformed,
         ": malformed number \"x\" in attribute recipient_status"},
    }));
    CAPTURE(row.reply);
    const fake_service service(f.settings.path, [&](const fake_client& client) {
        static_cast<void>(client.hear());
        client.say(row.reply);
    });
    blocking_verify_client verify(f.settings);
    const auto answer = verify.query("a@b");
    REQUIRE(answer.failure);
    CHECK(answer.failure->why == row.why);
    CHECK(answer.failure->text.find(row.text) != std::string::npos);
    CHECK(answer.status == address_status::unknown);
}

TEST_CASE("a verify client knows when nobody listens, and when nobody answers") {
    fixture f;
    f.settings.limit = 200ms;
    blocking_verify_client verify(f.settings);
    const auto none = verify.update("a@b", address_status::deferred, "later");
    REQUIRE(none);
    CHECK(none->why == reason::unreachable);
    const fake_service service(f.settings.path, [](const fake_client& client) { client.wait(); });
    const auto late = verify.query("a@b");
    REQUIRE(late.failure);
    CHECK(late.failure->why == reason::timed_out);
}
