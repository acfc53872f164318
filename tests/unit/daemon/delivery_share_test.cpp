#include "catch.hpp"

#include "flushd/daemon/delivery_share.hpp"

#include <memory>
#include <vector>

using namespace flushd;

TEST_CASE("delivery share: without a limit everything may follow") {
    delivery_share share({});
    delivery_share::part one(share, 1000);
    one.update(100'000, 100'000);
    CHECK(one.room() == delivery_share::unlimited);
}

TEST_CASE("delivery share: a small send goes at once, a large one begins with a hundred messages") {
    delivery_share large({10'000, 0}), small({30, 0});
    CHECK(delivery_share::part(large, 1000).room() == 1000);
    CHECK(delivery_share::part(large, 1001).room() == 100);
    CHECK(delivery_share::part(small, 1000).room() == 30);
    CHECK(delivery_share::part(small, 1001).room() == 30);
}

TEST_CASE("delivery share: what has left makes room") {
    delivery_share share({10'000, 0});
    delivery_share::part one(share, 1000);
    one.update(1000, 1000);
    CHECK(one.room() == 0);
    one.update(990, 990);
    CHECK(one.room() == 10);
}

TEST_CASE("delivery share: the window grows by what gets through, and by nothing else") {
    delivery_share share({350, 0});
    delivery_share::part one(share, 100'000);
    one.update(100, 100);
    one.update(0, 0); // deferred again
    CHECK(one.room() == 100);
    one.update(100, 100);
    one.update(40, 40);
    one.succeeded(60);
    CHECK(one.room() == 120);
    one.succeeded(5000);
    one.update(0, 0);
    CHECK(one.room() == 350); // and no further than the share
}

TEST_CASE("delivery share: a second send does not wait for the end of the first") {
    delivery_share share({1000, 0});
    delivery_share::part large(share, 1000);
    large.update(1000, 1000);
    CHECK(large.room() == 0);
    delivery_share::part small(share, 1000);
    CHECK(small.room() > 0);
    // And the first does not take what its share is not any more.
    large.update(900, 900);
    CHECK(large.room() == 0);
}

TEST_CASE("delivery share: a hundred sends have little more than the share together") {
    delivery_share share({1000, 0});
    std::vector<std::unique_ptr<delivery_share::part>> parts;
    std::size_t total = 0;
    for (int i = 0; i < 100; ++i)
        parts.push_back(std::make_unique<delivery_share::part>(share, 1000));
    for (const auto& part : parts) {
        const auto room = part->room();
        CHECK(room > 0);
        part->update(room, room);
        total += room;
    }
    CHECK(total <= 1250);
}

TEST_CASE("delivery share: messages with many recipients use it up as well") {
    delivery_share share({1000, 5000});
    delivery_share::part one(share, 1000);
    one.update(500, 5000);
    CHECK(one.room() == 0);
    one.update(500, 4999);
    CHECK(one.room() == 500);
}

TEST_CASE(
    "delivery share: a large send waits for the queue manager to read, a small one does not") {
    delivery_share share({10'000, 0});
    delivery_share::part large(share, 100'000), small(share, 1000);
    large.succeeded(3000);
    CHECK(large.room() == delivery_share::most_unread);
    large.update(400, 400, 400);
    CHECK(large.room() == 0);
    CHECK(small.room() == 1000);
    large.update(400, 400, 201);
    CHECK(large.room() == 0); // not for a few
    large.update(400, 400, 200);
    CHECK(large.room() == 200);
    // What others have moved stands in the way as well.
    small.update(1000, 1000, 1000);
    CHECK(large.room() == 0);
    small.update(1000, 1000, 100);
    CHECK(large.room() == 0);
    small.update(1000, 1000, 0);
    CHECK(large.room() == 200);
}

TEST_CASE("delivery share: a send that has ended gives its part back") {
    delivery_share share({1000, 0});
    {
        delivery_share::part one(share, 1000);
        one.update(1000, 1000);
        one.close();
    }
    CHECK(delivery_share::part(share, 1000).room() == 1000);
}
