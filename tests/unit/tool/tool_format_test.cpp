#include "catch.hpp"

#include "flushd/tool/queue/deciding_item.hpp"
#include "flushd/tool/screen/duration.hpp"
#include "flushd/tool/screen/terminal.hpp"
#include "flushd/tool/screen/text_table.hpp"

#include <chrono>
#include <string>

using namespace flushd::tool;
using std::chrono::seconds;

TEST_CASE("durations are numbers with a unit, and sums of them") {
    struct row {
        const char* text;
        long expected; // -1: refused
    };
    for (const auto& r : {row{"90", 90},
                          row{"90s", 90},
                          row{"0", 0},
                          row{"30m", 1800},
                          row{"2h", 7200},
                          row{"3d", 259200},
                          row{"1w", 604800},
                          row{"1h30m", 5400},
                          row{"1d2h3m4s", 93784},
                          row{"", -1},
                          row{"h", -1},
                          row{"2 h", -1},
                          row{" 2h", -1},
                          row{"-2h", -1},
                          row{"+2h", -1},
                          row{"2hours", -1},
                          row{"30m1h", -1},
                          row{"1h1h", -1},
                          row{"1h30", -1},
                          row{"1.5h", -1},
                          row{"2y", -1},
                          row{"4294967296s", -1},
                          row{"4000000000w", -1},
                          row{"2h\n", -1}}) {
        CAPTURE(r.text);
        const auto parsed = parse_duration(r.text);
        CHECK((parsed ? parsed->count() : -1) == r.expected);
    }
}

TEST_CASE("durations are shown by their two largest units") {
    struct row {
        long length;
        const char* expected;
    };
    for (const auto& r : {row{-5, "0s"}, row{0, "0s"}, row{59, "59s"}, row{60, "1m"},
                          row{3599, "59m"}, row{3600, "1h"}, row{3659, "1h"}, row{3660, "1h 1m"},
                          row{86399, "23h 59m"}, row{86400, "1d"}, row{97200, "1d 3h"},
                          row{10 * 86400 + 7200, "10d"}, row{86400 * 400, "400d"}}) {
        CAPTURE(r.length);
        CHECK(format_duration(seconds(r.length)) == r.expected);
    }
}

TEST_CASE("sizes have three digits at most") {
    CHECK(format_size(0) == "0");
    CHECK(format_size(999) == "999");
    CHECK(format_size(1000) == "1.0K");
    CHECK(format_size(10 * 1024) == "10K");
    CHECK(format_size(1023 * 1024) == "1.0M");
    CHECK(format_size(std::int64_t{5} << 40) == "5.0T");
}

TEST_CASE("a name that is too long loses its middle") {
    CHECK(shorten("customer.tld", 12) == "customer.tld");
    CHECK(shorten("customer.tld", 11) == "cust..r.tld");
    CHECK(shorten("customer.tld", 2) == "cu");
    CHECK(shorten("ääääääääää", 6) == "ää..ää");
    CHECK(display_width("äb") == 2);
}

TEST_CASE("a table gives way in its first column, and only there") {
    text_table table({"NAME", "N"});
    table.add({{"a-rather-long-name.customer.tld"}, {"1"}});
    table.add({{"b.tld"}, {"23"}});
    CHECK(table.render(0, false) == "NAME                              N\n"
                                    "a-rather-long-name.customer.tld   1\n"
                                    "b.tld                            23\n");
    CHECK(table.render(20, false) == "NAME               N\n"
                                     "a-rathe..mer.tld   1\n"
                                     "b.tld             23\n");
    CHECK(table.render(5, false) == "NAME           N\n" // too narrow for anything
                                    "a-rat..r.tld   1\n"
                                    "b.tld         23\n");
}

TEST_CASE("a table has colour only when that is asked for") {
    text_table table({"N"});
    table.add({{"x", emphasis::alarm}});
    CHECK(table.render(0, false) == "N\nx\n");
    CHECK(table.render(0, true) == "\033[1mN\033[0m\n\033[31mx\033[0m\n");
}

TEST_CASE("a progress bar fills up") {
    CHECK(progress_bar(0, 10, 12) == "[>---------]");
    CHECK(progress_bar(5, 10, 12) == "[=====>----]");
    CHECK(progress_bar(10, 10, 12) == "[==========]");
    CHECK(progress_bar(0, 0, 12) == "[==========]");
    CHECK(progress_bar(20, 10, 12) == "[==========]");
}

TEST_CASE("a screen is drawn over the one before") {
    CHECK(drawn_over("one\ntwo\n") == "\033[Hone\033[K\ntwo\033[K\n\033[J");
}

TEST_CASE("one more domain in fast_flush_domains") {
    CHECK(with_domain("$relay_domains\n", "new.tld") == "$relay_domains, new.tld");
    CHECK(with_domain("a.tld, b.tld,\n", "new.tld") == "a.tld, b.tld, new.tld");
    CHECK(with_domain("\n", "new.tld") == "new.tld");
}
