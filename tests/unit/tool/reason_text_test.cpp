#include "catch.hpp"

#include "flushd/tool/queue/reason_text.hpp"

#include <string>
#include <string_view>

using namespace flushd::tool;

TEST_CASE("reasons that differ in what is a message's own are the same") {
    struct {
        std::string_view reason, normalised;
    } const table[] = {
        {"connect to mx1.a.tld[192.0.2.1]:25: Connection refused",
         "connect to *: Connection refused"},
        {"connect to mx2.b.tld[2001:db8::1]:25: Connection refused",
         "connect to *: Connection refused"},
        {"delivery temporarily suspended: connect to mx.a.tld[192.0.2.1]:25: No route to host",
         "connect to *: No route to host"},
        {"host mx.a.tld[192.0.2.1] said: 450 4.2.0 <user@a.tld>: Recipient address rejected: "
         "Greylisted, see http://grey.a.tld/?q=1 (in reply to RCPT TO command)",
         "host * said: 450 4.2.0 *: Recipient address rejected: Greylisted, see * (in reply to "
         "RCPT "
         "TO command)"},
        {"host mx.a.tld[192.0.2.1] said: 451-4.7.1 Try again in 300 seconds (in reply to end of "
         "DATA command)",
         "host * said: 451-4.7.1 Try again in * seconds (in reply to end of DATA command)"},
        {"Host or domain name not found. Name service error for name=a.tld type=MX: Host not "
         "found, try again",
         "Host or domain name not found. Name service error for name=* type=MX: Host not found, "
         "try again"},
        {"lost connection with mx.a.tld[192.0.2.1] while receiving the initial server greeting",
         "lost connection with * while receiving the initial server greeting"},
        {"4.3.2 deferred transport", "4.3.2 deferred transport"},
        {"queue file 4Wkq2T3cz1z2Lw is locked at Fri, 27 Nov 2026 12:00:01 +0000 (UTC)",
         "queue file * is locked at * (UTC)"},
        {"", ""},
        {"   ", ""},
        {":", ":"},
    };
    for (const auto& [reason, normalised] : table)
        CHECK(normalised_reason(reason) == normalised);
}

TEST_CASE("reasons that differ in an SMTP code are different") {
    CHECK(normalised_reason("host a.tld[192.0.2.1] said: 450 4.2.0 no") !=
          normalised_reason("host a.tld[192.0.2.1] said: 451 4.2.0 no"));
    CHECK(normalised_reason("host a.tld[192.0.2.1] said: 450 4.2.0 no") !=
          normalised_reason("host a.tld[192.0.2.1] said: 450 4.2.2 no"));
}

TEST_CASE("a long reason is cut off") {
    std::string longer;
    for (int i = 0; i < 5000; ++i)
        longer += "word ";
    CHECK(normalised_reason(longer).size() == 300);
    CHECK(normalised_reason(std::string(100'000, 'x')).size() == 300);
}

TEST_CASE("the essence of a reason can stand first") {
    CHECK(essence_first("connect to a.tld[192.0.2.1]:25: Connection refused") ==
          "Connection refused (connect to a.tld[192.0.2.1]:25)");
    CHECK(essence_first("host a.tld[192.0.2.1] said: 450 4.2.0 no") ==
          "450 4.2.0 no (host a.tld[192.0.2.1])");
    CHECK(essence_first("mail transport unavailable") == "mail transport unavailable");
    CHECK(essence_first("connect to nowhere") == "connect to nowhere");
}
