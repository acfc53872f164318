#include "catch.hpp"

#include "flushd/daemon/send_rate.hpp"

#include <chrono>
#include <limits>

using namespace flushd;
using namespace std::chrono_literals;

namespace {

const auto start = send_rate::clock::now();

} // namespace

TEST_CASE("a rate gives a message at once, and one more after each interval") {
    send_rate rate(100ms);
    rate.start(start);
    CHECK(rate.room(start) == 1);
    rate.add(1);
    CHECK(rate.room(start + 99ms) == 0);
    CHECK(rate.room(start + 100ms) == 1);
    CHECK(rate.room(start + 350ms) == 3);
    rate.add(3);
    CHECK(rate.room(start + 399ms) == 0);
    CHECK(rate.room(start + 400ms) == 1);
}

TEST_CASE("who has waited for long may make up for a second") {
    send_rate rate(100ms);
    rate.start(start);
    CHECK(rate.room(start + 1h) == 11);
    send_rate slow(10s);
    slow.start(start);
    CHECK(slow.room(start + 1h) == 2);
}

TEST_CASE("without an interval there is no limit") {
    send_rate rate(0us);
    rate.start(start);
    rate.add(1'000'000);
    CHECK(rate.room(start) == std::numeric_limits<std::size_t>::max());
}
