#include "catch.hpp"

#include "flushd/core/send_pace.hpp"

#include <chrono>

using namespace flushd;

TEST_CASE("a pace is one word, and can be read again") {
    const auto pace = GENERATE(send_pace{}, send_pace{std::chrono::milliseconds(50)},
                               send_pace{std::chrono::microseconds(1), 50},
                               send_pace{std::chrono::microseconds(0), 1, 1795766400, 1000});
    CHECK(parse_pace(format_pace(pace)) == pace);
    CHECK(format_pace(pace).find(' ') == std::string::npos);
}

TEST_CASE("what is not a pace is none") {
    const auto* const text =
        GENERATE("", "every", "every=", "every=1s", "every=-1", "first=1,", ",first=1",
                 "first=1,,up=2", "last=1", "up=9223372036854775808");
    CHECK_FALSE(parse_pace(text));
}
