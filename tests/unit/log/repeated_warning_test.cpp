#include "catch.hpp"
#include "recording_sink.hpp"

#include "postfix_proto/repeated_warning.hpp"

#include <optional>

using namespace postfix_proto;

namespace {

struct fixture {
    recorded_log records;
    logger log{records.sink()};
    std::optional<repeated_warning> warn{std::in_place, log, std::chrono::hours(1)};
};

} // namespace

TEST_CASE("the same warning is written once, and the others are counted") {
    fixture f;
    for (int i = 0; i < 2500; ++i)
        (*f.warn)("read timeout for service {}", "public/qmgr");
    REQUIRE(f.records.lines().size() == 1);
    CHECK(f.records.lines()[0] == "warning: read timeout for service public/qmgr");
    f.warn.reset();
    REQUIRE(f.records.lines().size() == 2);
    CHECK(f.records.lines()[1] ==
          "warning: read timeout for service public/qmgr -- 2499 such warnings were suppressed");
}

TEST_CASE("a warning that came once is not told again at the end") {
    fixture f;
    (*f.warn)("one");
    f.warn.reset();
    CHECK(f.records.lines().size() == 1);
}

TEST_CASE("a handful of different warnings of one kind is written") {
    fixture f;
    for (int round = 0; round < 2; ++round)
        for (int site = 0; site < 1000; ++site)
            (*f.warn)("write fast flush logfile site{}: No space left on device", site);
    CHECK(f.records.lines().size() == repeated_warning::most_at_once);
}

TEST_CASE("a warning comes again after a while, with the count") {
    fixture f;
    f.warn.emplace(f.log, std::chrono::milliseconds(200));
    (*f.warn)("one");
    (*f.warn)("one");
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (f.records.lines().size() < 2 && std::chrono::steady_clock::now() < end)
        (*f.warn)("one");
    REQUIRE(f.records.lines().size() == 2);
    CHECK(f.records.lines()[1].find("warning: one -- ") == 0);
    CHECK(f.records.lines()[1].find(" such warnings were suppressed") != std::string::npos);
}
