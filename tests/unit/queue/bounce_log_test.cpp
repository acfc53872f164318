#include "catch.hpp"

#include "postfix_proto/bounce_log.hpp"

#include <string>

using namespace postfix_proto;

TEST_CASE("bounce log: an entry has the recipient, the status, the reason and the host") {
    // As bounce(8) of Postfix 3.7 writes it.
    std::string_view text =
        "\n<user@customer.tld>: host mx.customer.tld[192.0.2.1] said: 450 later\n"
        "recipient=user@customer.tld\n"
        "original_recipient=User@Customer.tld\n"
        "offset=622\n"
        "dsn_orig_rcpt=rfc822;user@customer.tld\n"
        "status=4.2.0\n"
        "action=delayed\n"
        "diag_type=smtp\n"
        "diag_text=450 later\n"
        "mta_type=dns\n"
        "mta_mname=mx.customer.tld\n"
        "reason=host mx.customer.tld[192.0.2.1] said: 450 later=now\n"
        "\n"
        "\n"
        "recipient=second@customer.tld\n"
        "reason=no end";
    const auto first = take_bounce_log_entry(text);
    REQUIRE(first);
    CHECK(first->recipient == "user@customer.tld");
    CHECK(first->original_recipient == "User@Customer.tld");
    CHECK(first->offset == 622);
    CHECK(first->status == "4.2.0");
    CHECK(first->action == "delayed");
    CHECK(first->host == "mx.customer.tld");
    CHECK(first->reason == "host mx.customer.tld[192.0.2.1] said: 450 later=now");
    const auto second = take_bounce_log_entry(text);
    REQUIRE(second);
    CHECK(second->recipient == "second@customer.tld");
    CHECK(second->reason == "no end");
    CHECK(second->offset == 0);
    CHECK(second->host.empty());
    CHECK_FALSE(take_bounce_log_entry(text));
}

TEST_CASE("bounce log: an entry of the old form has a recipient and a reason") {
    std::string_view text = "<old@customer.tld>: connect to nowhere: timed out\n\nrubbish\n=\n\n\n";
    const auto entry = take_bounce_log_entry(text);
    REQUIRE(entry);
    CHECK(entry->recipient == "old@customer.tld");
    CHECK(entry->reason == "connect to nowhere: timed out");
    const auto rubbish = take_bounce_log_entry(text);
    REQUIRE(rubbish);
    CHECK(rubbish->recipient.empty());
    CHECK_FALSE(take_bounce_log_entry(text));
    text = "\n\n\n";
    CHECK_FALSE(take_bounce_log_entry(text));
    text = "<no end";
    REQUIRE(take_bounce_log_entry(text));
}

TEST_CASE("bounce log: a reason tells the host that could not be reached") {
    CHECK(host_in_reason("connect to mx.customer.tld[192.0.2.1]:25: Connection refused") ==
          "mx.customer.tld");
    CHECK(host_in_reason("delivery temporarily suspended: connect to "
                         "mx2.customer.tld[2001:db8::1]:25: Connection timed out") ==
          "mx2.customer.tld");
    CHECK(host_in_reason("connect to 192.0.2.1[192.0.2.1]:10025: Connection refused") ==
          "192.0.2.1");
    CHECK(host_in_reason("connect to host[private/dovecot-lmtp]: No such file") == "host");
    CHECK(host_in_reason("host a.tld[192.0.2.1] said: 450 by b.tld[192.0.2.2]") == "a.tld");
    CHECK(host_in_reason("Host or domain name not found. Name service error for name=x.tld") == "");
    CHECK(host_in_reason("[192.0.2.1] said") == "");
    CHECK(host_in_reason("open[") == "");
    CHECK(host_in_reason("see help[1] and [] at mx.tld[10.0.0.1]") == "mx.tld");
    CHECK(host_in_reason("") == "");
}
