#include "catch.hpp"
#include "queue_file.hpp"

#include "flushd/daemon/recipient_count.hpp"

#include <string>

using namespace flushd;

TEST_CASE("queue file: the number of recipients is in the first record") {
    const auto first = queue_record(
        'C', fmt::format("{:15} {:15} {:15} {:15} {:15} {:15}", 361, 515, 27, 0, 361, 0));
    CHECK(first.size() <= 128);
    CHECK(recipient_count_in(first) == 27);
    CHECK(recipient_count_in(first.substr(0, 64)) == 1);
    CHECK(recipient_count_in("") == 1);
    CHECK(recipient_count_in("C") == 1);
    CHECK(recipient_count_in(queue_record('T', " 1 2 3")) == 1);
    CHECK(recipient_count_in(queue_record('C', " 1 2 x")) == 1);
    CHECK(recipient_count_in(queue_record('C', " 1 2 99999999999999999999")) == 1);
    CHECK(recipient_count_in(queue_record('C', "12")) == 1);
    CHECK(recipient_count("/no/such/file") == 0);
}
