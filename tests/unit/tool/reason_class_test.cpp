#include "catch.hpp"

#include "flushd/tool/queue/reason_class.hpp"

#include <set>
#include <string_view>

using namespace flushd::tool;
using enum reason_class;

namespace {

struct reason_case {
    std::string_view status;
    std::string_view text;
    reason_class expected;
};

const reason_case cases[] = {
    {"", "", not_tried},
    {"4.3.2", "deferred transport", not_tried},
    {"4.4.1", "connect to mx.big.tld[192.0.2.1]:25: Connection refused", connection_refused},
    {"4.4.1",
     "delivery temporarily suspended: connect to mx.big.tld[192.0.2.1]:25: Connection refused",
     connection_refused},
    {"4.4.1", "connect to mx.big.tld[192.0.2.1]:25: Connection timed out", timeout},
    {"4.4.2",
     "conversation with mx.big.tld[192.0.2.1] timed out while receiving the initial server "
     "greeting",
     timeout},
    {"4.4.1", "connect to mx.big.tld[192.0.2.1]:25: No route to host", unreachable},
    {"4.4.1", "connect to mx.big.tld[2001:db8::1]:25: Network is unreachable", unreachable},
    {"4.4.2", "lost connection with mx.big.tld[192.0.2.1] while receiving the initial greeting",
     connection_lost},
    {"4.4.3",
     "Host or domain name not found. Name service error for name=big.tld type=MX: Host not "
     "found, try again",
     dns},
    // The name of a host says nothing.
    {"4.4.3", "Host or domain name not found. Name service error for name=greylist.tld type=A",
     dns},
    {"4.4.1", "connect to greylist.quota.tld[192.0.2.1]:25: Connection refused",
     connection_refused},
    {"4.7.4", "TLS is required, but was not offered by host mx.big.tld[192.0.2.1]", tls},
    {"4.7.5", "Server certificate not verified", tls},
    {"4.7.5", "Cannot start TLS: handshake failure", tls},
    {"4.2.0",
     "host mx.big.tld[192.0.2.1] said: 450 4.2.0 <a@big.tld>: Recipient address rejected: "
     "Greylisted, see http://postgrey.schweikert.ch/help/big.tld.html (in reply to RCPT TO "
     "command)",
     greylisted},
    {"4.7.1", "host mx.big.tld[192.0.2.1] said: 451 4.7.1 Greylisting in action", greylisted},
    {"4.7.0", "host mx.big.tld[192.0.2.1] refused to talk to me: 421 4.7.0 Too many connections",
     rate_limited},
    {"4.7.28",
     "host mx.big.tld[192.0.2.1] said: 421-4.7.28 Gmail has detected an unusual rate of "
     "unsolicited mail, so it is rate limited",
     rate_limited},
    {"4.2.2", "host mx.big.tld[192.0.2.1] said: 452 4.2.2 The recipient is not well", mailbox_full},
    {"4.0.0", "host mx.big.tld[192.0.2.1] said: 452 User is over quota", mailbox_full},
    {"4.2.2", "maildir delivery failed: error writing message: Disk quota exceeded", mailbox_full},
    {"4.7.0", "host mx.big.tld[192.0.2.1] said: 454 4.7.0 TLS not available due to local problem",
     tls},
    // What a server says of connections and names is its own opinion.
    {"4.3.0", "host mx.big.tld[192.0.2.1] said: 451 4.3.0 Connection refused by the filter",
     rejected},
    {"4.1.8",
     "host mx.big.tld[192.0.2.1] said: 450 4.1.8 <a@b.tld>: Sender address rejected: Domain not "
     "found",
     rejected},
    {"4.3.0", "mail transport unavailable", local},
    {"4.3.0", "unknown mail transport error", local},
    {"4.3.5", "alias database unavailable", local},
    {"4.3.0", "temporary failure. Command output: cannot lock", local},
    {"4.0.0", "something that nobody has seen before", other},
    {"", "something that nobody has seen before", other},
};

} // namespace

TEST_CASE("a reason is classified by who says what") {
    for (const auto& one : cases) {
        CAPTURE(one.text);
        CHECK(name_of(classify_reason(one.status, one.text)) == name_of(one.expected));
    }
}

TEST_CASE("each class of reasons has a name of its own") {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < reason_class_count; ++i) {
        const auto name = name_of(static_cast<reason_class>(i));
        CHECK_FALSE(name.empty());
        CHECK(names.insert(name).second);
    }
}
