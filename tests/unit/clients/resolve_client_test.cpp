#include <utility> // Boost 1.74's coroutine headers need it before them

#include "catch.hpp"

#include "fake_service.hpp"
#include "fixture_file.hpp"
#include "postfix_proto/resolve_client.hpp"
#include "temporary_directory.hpp"

#include <string>

using namespace postfix_proto;
using namespace std::string_literals;
using namespace std::chrono_literals;
using reason = service_failure::reason;

namespace {

const auto announcement = "protocol\0trivial_rewrite_protocol\0\0"s;
const auto relayed =
    "flags\0000\0transport\0relay\0nexthop\0customer.tld\0recipient\0b@customer.tld\0flags\0002048\0\0"s;

struct fixture {
    temporary_directory dir;
    resolve_client_settings settings{dir.file("rewrite"), 2s};
};

} // namespace

TEST_CASE("resolve requests are what stock's clients send") {
    const auto version = GENERATE(as<std::string>(), "3.5", "3.7", "3.10", "3.11");
    // smtpd(8) asks for the sender, and both recipients; then the queue manager does.
    const std::string sender = "someone@sender.tld";
    const auto both = encode_resolve_query(sender, "two words@customer.tld") +
                      encode_resolve_query(sender, "user@customer.tld");
    CHECK(encode_resolve_query("", sender) + both + both ==
          fixture_file("resolve_client-" + version));
}

TEST_CASE("what real resolvers say is understood at every split") {
    const auto version = GENERATE(as<std::string>(), "3.5", "3.7", "3.10", "3.11");
    const auto bytes = fixture_file("resolve-" + version);
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
        reply_decoder lists(resolve_protocol_name, 100);
        auto first = std::string_view(bytes).substr(0, split);
        auto second = std::string_view(bytes).substr(split);
        for (const auto* const told :
             {"relay:customer.tld user@customer.tld", // of relay_domains
              "relay:[127.0.0.9]:2525 two words@mapped.tld",
              "local:mail.provider.tld root@localhost", "error:5.7.1 no more u@gone.tld",
              "local:mail.provider.tld u@[127.0.0.1]"}) {
            resolve_reply reply;
            auto result = reply.scanner().feed(lists, first);
            if (result == attribute_scanner::progress::need_more)
                result = reply.scanner().feed(lists, second);
            REQUIRE(result == attribute_scanner::progress::complete);
            REQUIRE(reply.complaint().empty());
            REQUIRE(reply.transport() + ":" + reply.nexthop() + " " + reply.recipient() == told);
        }
        REQUIRE((first.empty() && second.empty()));
    }
}

TEST_CASE("a resolve client asks services of either generation") {
    fixture f;
    const bool announces = GENERATE(true, false);
    const fake_service service(f.settings.path, [&](const fake_client& client) {
        if (announces)
            client.say(announcement);
        for (auto request = client.hear(); !request.empty(); request = client.hear())
            client.say(relayed);
    });
    blocking_resolve_client resolve(f.settings);
    for (int i = 0; i < 2; ++i) {
        const auto answer = resolve.query("", "b@customer.tld");
        CHECK_FALSE(answer.failure);
        CHECK(answer.transport == "relay");
        CHECK(answer.nexthop == "customer.tld");
        CHECK(answer.recipient == "b@customer.tld");
    }
}

TEST_CASE("a resolve client tells why there is no answer") {
    fixture f;
    struct row {
        std::string reply;
        reason why;
        std::string text; // a part of it
    };
    const auto row = GENERATE_COPY(values<struct row>({
        {"", reason::closed, "unexpected end of input from "},
        {"protocol\0anvil_protocol\0\0"s, reason::malformed, ": unexpected protocol"},
        {announcement + "flags\0000\0\0"s, reason::malformed, ": 1 of 5 attributes"},
        {announcement + "flags\0000\0transport\0\0nexthop\0\0recipient\0x\0flags\0000\0\0"s,
         reason::malformed, ": no transport"},
        {announcement + "flags\0000\0transport\0smtp\0nexthop\0\0recipient\0x\0flags\0008\0\0"s,
         reason::malformed, ": a table could not be asked"},
    }));
    CAPTURE(row.reply);
    const fake_service service(f.settings.path, [&](const fake_client& client) {
        static_cast<void>(client.hear());
        client.say(row.reply);
    });
    blocking_resolve_client resolve(f.settings);
    const auto answer = resolve.query("", "x");
    REQUIRE(answer.failure);
    CHECK(answer.failure->why == row.why);
    CHECK(answer.failure->text.find(row.text) != std::string::npos);
    CHECK(answer.transport.empty());
}
