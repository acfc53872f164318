#include "catch.hpp"

#include "flushd/daemon/recipient_count.hpp"

#include <string>

using namespace flushd;

TEST_CASE("queue file: the number of recipients is in the first record") {
    const std::string first =
        "CM            361             515              27               0     "
        "        361               0";
    CHECK(recipient_count_in(first.substr(0, 64)) == 27);
    CHECK(recipient_count_in("") == 1);
    CHECK(recipient_count_in("C") == 1);
    CHECK(recipient_count_in("T\x10 1 2 3") == 1);
    CHECK(recipient_count_in("C\x10 1 2 x") == 1);
    CHECK(recipient_count_in("C\x20 1 2 99999999999999999999") == 1);
    CHECK(recipient_count("/no/such/file") == 0);
}
