#include "catch.hpp"

#include "flushd/tool/queue/send_records.hpp"
#include "flushd/tool/send/paced_send.hpp"

using namespace flushd;
using namespace flushd::tool;
using namespace std::chrono_literals;

TEST_CASE("a rate is so many messages in a second, a minute or an hour") {
    CHECK(parse_rate("20/s") == 50ms);
    CHECK(parse_rate("100/m") == 600ms);
    CHECK(parse_rate("500/h") == 7200ms);
    CHECK(parse_rate("1000000/s") == 1us);
    const auto* const wrong =
        GENERATE("", "20", "20/", "/s", "0/s", "-1/s", "20/d", "20/ss", "20 /s", "1000001/s");
    CHECK(parse_rate(wrong) == 0us);
}

TEST_CASE("a pace is described for a person") {
    CHECK(describe(send_pace{}) == "");
    CHECK(describe(send_pace{50ms}) == ", 20/s");
    CHECK(describe(send_pace{600ms}) == ", 1.67/s");
    CHECK(describe(send_pace{7200ms}) == ", one in 7s");
    CHECK(describe(send_pace{0us, 50}) == ", the first 50 messages");
}
