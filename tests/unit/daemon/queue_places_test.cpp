#include "catch.hpp"
#include "spool.hpp"

#include "flushd/daemon/queue_places.hpp"

#include <filesystem>
#include <string>
#include <vector>

using flushd::queue_places;
using postfix_proto::queue_id;
using postfix_proto::queue_layout;

namespace {

struct fixture {
    spool queue;
    queue_layout layout{"deferred", 1};
    queue_places places{layout};
    queue_id id = *queue_id::parse("9B01F20A3C");

    fixture() { std::filesystem::create_directory("hold"); }
    [[nodiscard]] bool is_anywhere() { return places.is_held(id) || !places.elsewhere(id).empty(); }
};

} // namespace

TEST_CASE("queue_places has nowhere to look while all is where it belongs") {
    fixture f;
    std::filesystem::create_directories("deferred/9");
    spool::message("deferred/9", "9B01F20A3D");
    CHECK_FALSE(f.is_anywhere());
    CHECK_FALSE(f.places.changed());
}

TEST_CASE("queue_places names the places where files are") {
    fixture f;
    std::filesystem::create_directories("deferred/9/B/0");
    spool::message("deferred", "1111111111");
    spool::message("deferred/9/B/0", "9B01111111");
    CHECK(f.places.elsewhere(f.id) ==
          std::vector<std::string>{"deferred/9B01F20A3C", "deferred/9/B/0/9B01F20A3C"});
}

TEST_CASE("queue_places tells that files have come where there were none") {
    fixture f;
    std::filesystem::create_directories("deferred/9/B");
    CHECK_FALSE(f.is_anywhere());
    SECTION("a directory with files") {
        std::filesystem::create_directories("deferred/9/B/0"); // new
        spool::message("deferred/9/B/0", "9B01F20A3C");
    }
    SECTION("files in a directory that was empty") { spool::message("deferred/9/B", "9B01F20A3C"); }
    SECTION("files where there were directories only") { spool::message("deferred", "9B01F20A3C"); }
    SECTION("on hold") { spool::message("hold", "9B01F20A3C"); }
    CHECK_FALSE(f.is_anywhere()); // it does not look again,
    CHECK(f.places.changed());    // which is what this is for
}

TEST_CASE("queue_places does not take more of the same for a change") {
    fixture f;
    spool::message("hold", "1111111111");
    CHECK_FALSE(f.places.is_held(f.id));
    spool::message("hold", "2222222222");
    CHECK_FALSE(f.places.changed());
}

TEST_CASE("queue_places does without a hold queue") {
    fixture f;
    std::filesystem::remove("hold");
    CHECK_FALSE(f.is_anywhere());
    CHECK_FALSE(f.places.changed());
}
