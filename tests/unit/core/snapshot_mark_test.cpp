#include "flushd/core/snapshot_mark.hpp"

#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"

#include "catch.hpp"

#include <algorithm>
#include <set>
#include <string>

using namespace flushd;

TEST_CASE("no two marks are the same") {
    std::set<std::string> marks;
    for (int i = 0; i < 1000; ++i)
        CHECK(marks.insert(make_mark()).second);
}

TEST_CASE("a mark is a queue ID for everybody else, and none that a message can have") {
    const auto mark = make_mark();
    CHECK(is_mark(mark));
    CHECK(postfix_proto::is_queue_file_name(mark));
    // Long queue IDs have no vowels, and short ones no letter beyond F.
    CHECK(mark.find('u') != std::string::npos);
    // Postfix takes what is before a z for the time in a long queue ID.
    CHECK(mark.find('z') == std::string::npos);
    for (const char* id : {"9B01F20A3C", "4Wkq2T3cz1z2Lw", "A", "flushd", "FLUSHD_MARK_", ""})
        CHECK_FALSE(is_mark(id));
}

TEST_CASE("a logfile has only marks when each line is one") {
    const auto mark = make_mark() + '\n';
    CHECK(has_only_marks(""));
    CHECK(has_only_marks(mark));
    CHECK(has_only_marks(mark + make_mark()));
    CHECK_FALSE(has_only_marks(mark + "A1\n"));
    CHECK_FALSE(has_only_marks("A1\n" + mark));
    CHECK_FALSE(has_only_marks("\n"));
}
