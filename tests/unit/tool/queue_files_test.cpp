#include "catch.hpp"
#include "queue_file.hpp"

#include "flushd/tool/queue/queue_files.hpp"

#include <string>

using namespace flushd::tool;

TEST_CASE("the head of a queue file has size and time of arrival") {
    const auto whole = queue_file(4711, 1700000000);
    const auto head = parse_queue_file_head(whole);
    REQUIRE(head);
    CHECK(head->size == 4711);
    CHECK(head->arrival_time == 1700000000);
    const auto long_record =
        queue_record('C', "     12 " + std::string(200, ' ')) + queue_record('T', "5 6");
    REQUIRE(parse_queue_file_head(long_record));
    CHECK(parse_queue_file_head(long_record)->arrival_time == 5);
    CHECK_FALSE(parse_queue_file_head(""));
    CHECK_FALSE(parse_queue_file_head("a message\n"));
    CHECK_FALSE(parse_queue_file_head(queue_record('C', "12") + queue_record('M', "") +
                                      queue_record('T', "5 6")));
    CHECK_FALSE(parse_queue_file_head(queue_record('C', "x") + queue_record('T', "5 6")));
    CHECK_FALSE(parse_queue_file_head("C\xff\xff\xff\xff\xff"));
    for (std::size_t i = 0; i < whole.size(); ++i) // cut anywhere, it is read or it is not
        static_cast<void>(parse_queue_file_head(whole.substr(0, i)));
}
