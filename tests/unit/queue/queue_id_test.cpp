#include "catch.hpp"

#include "postfix_proto/queue_id.hpp"

#include <string>

using postfix_proto::queue_id;

TEST_CASE("queue_id accepts what Postfix takes for a queue ID") {
    const auto text = GENERATE(as<std::string>{}, "9B01F20A3C", "4Wkq2T3cz1z2Lw", "a", "0", "_",
                               "customer_tld", std::string(255, 'x'));
    CAPTURE(text);
    const auto id = queue_id::parse(text);
    REQUIRE(id);
    CHECK(id->str() == text);
}

TEST_CASE("queue_id rejects path characters, control characters and over-long text") {
    const auto text =
        GENERATE(as<std::string>{}, "", ".", "..", "../active/A", "A/B", "A B", "A\n", "A-B", "A.B",
                 "\xc3\xa9", std::string("A\0", 2), std::string(256, 'x'));
    CAPTURE(text);
    CHECK_FALSE(queue_id::parse(text));
}
