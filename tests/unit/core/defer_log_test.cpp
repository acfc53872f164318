#include "catch.hpp"

#include "flushd/core/defer_log.hpp"

#include <string>

using namespace flushd;

namespace {

// As Postfix 3.7 wrote it, but for the names.
const std::string refused = "recipient=user@customer.tld\n"
                            "offset=515\n"
                            "status=4.4.1\n"
                            "action=delayed\n"
                            "reason=connect to 127.0.2.1[127.0.2.1]:25: Connection refused\n"
                            "\n";
const std::string greylisted = "recipient=other@customer.tld\n"
                               "status=4.2.0\n"
                               "action=delayed\n"
                               "mta_type=dns\n"
                               "mta_mname=mx.customer.tld\n"
                               "reason=host mx.customer.tld[127.0.2.1] said: 450 greylisted\n"
                               "\n";
const std::string suspended = "recipient=user@else.tld\n"
                              "status=4.3.0\n"
                              "reason=delivery temporarily suspended: mail transport unavailable\n"
                              "\n";

} // namespace

TEST_CASE(
    "defer logfile: a destination that cannot be reached is told from a message's own trouble") {
    CHECK(find_deferral(refused, "customer.tld").is_of_destination);
    CHECK(find_deferral(refused, "customer.tld").reason ==
          "connect to 127.0.2.1[127.0.2.1]:25: Connection refused");
    CHECK_FALSE(find_deferral(greylisted, "customer.tld").is_of_destination);
    CHECK(find_deferral(suspended, "else.tld").is_of_destination);
}

TEST_CASE("defer logfile: what is said of another destination does not count") {
    const auto found = find_deferral(suspended + greylisted, "CUSTOMER.tld");
    CHECK_FALSE(found.is_of_destination);
    CHECK(found.reason == "host mx.customer.tld[127.0.2.1] said: 450 greylisted");
    CHECK(found.host == "mx.customer.tld");
    CHECK(find_deferral(refused, "customer.tld").host.empty());
    CHECK(find_deferral(suspended, "customer.tld").reason.empty());
    CHECK(find_deferral(suspended, "").is_of_destination); // every recipient
}

TEST_CASE("defer logfile: damaged and empty ones say nothing") {
    for (const auto* const text : {"", "\n\n\n", "recipient", "=\n=\n\n", "reason=x\n"})
        CHECK(find_deferral(text, "customer.tld").reason.empty());
    CHECK(read_deferral("/no/such/file", "customer.tld").reason.empty());
}
