#include "catch.hpp"

#include "postfix_proto/time_value.hpp"

#include <string>

using postfix_proto::parse_time_value;

TEST_CASE("parse_time_value knows Postfix's units and the default unit") {
    struct row {
        std::string text;
        char unit;
        long seconds;
    };
    const auto row = GENERATE(values<struct row>({
        {"0", 's', 0},
        {"5", 's', 5},
        {"5", 'h', 18000},
        {"5s", 'h', 5},
        {"2m", 's', 120},
        {"3h", 's', 10800},
        {"4d", 's', 345600},
        {"1w", 's', 604800},
        {" 7s", 's', 7},
        {"+7s", 's', 7},
        {"2147483647s", 's', 2147483647},
        {"35791393m", 's', 2147483580},
        {"3549w", 's', 2146435200},
    }));
    CAPTURE(row.text);
    const auto value = parse_time_value(row.text, row.unit);
    REQUIRE(value);
    CHECK(value->count() == row.seconds);
}

TEST_CASE("parse_time_value refuses what is not a time") {
    const auto text = GENERATE(
        values<std::string>({"", " ", "s", "-1", "-1s", "+-1s", "5x", "5 s", "5S", "0x10", "1.5h",
                             "abc", "2147483648s", "35791394m", "3550w", "99999999999999999999s"}));
    CAPTURE(text);
    CHECK_FALSE(parse_time_value(text, 's'));
}

TEST_CASE("parse_time_value keeps Postfix's quirk of ignoring what follows the unit") {
    CHECK(parse_time_value("10min", 's') == std::chrono::minutes(10));
    CHECK(parse_time_value("1h30m", 's') == std::chrono::hours(1));
    CHECK(parse_time_value("2days", 's') == std::chrono::hours(48));
}
