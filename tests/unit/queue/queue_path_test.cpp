#include "catch.hpp"
#include "temporary_directory.hpp"

#include "postfix_proto/queue_path.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <string>

using postfix_proto::queue_layout;
namespace queue_name = postfix_proto::queue_name;

TEST_CASE("queue_layout spreads queue files as Postfix does") {
    struct row {
        std::string hashed;
        unsigned depth;
        std::string queue, name, path;
    };
    const auto row = GENERATE(values<struct row>({
        {"deferred, defer", 1, "deferred", "9B01F20A3C", "deferred/9/9B01F20A3C"},
        {"deferred, defer", 1, "incoming", "9B01F20A3C", "incoming/9B01F20A3C"},
        {"deferred, defer", 1, "flush", "customer_tld", "flush/customer_tld"},
        {"", 1, "deferred", "9B01F20A3C", "deferred/9B01F20A3C"},
        {"deferred incoming\tflush", 2, "incoming", "9B01F20A3C", "incoming/9/B/9B01F20A3C"},
        {"deferred incoming\tflush", 2, "flush", "customer_tld", "flush/c/u/customer_tld"},
        {"DEFERRED", 1, "deferred", "9B01F20A3C", "deferred/9/9B01F20A3C"},
        {"deferred", 4, "deferred", "ABC", "deferred/A/B/C/_/ABC"},
        {"deferred", 0, "deferred", "ABC", "deferred/A/ABC"}, // stock refuses depth 0 at start-up
        // Long IDs: 3cz1 in base 52 is 3*52^3 + 32*52^2 + 51*52 + 1 = 511005 = 0x7CC1D.
        {"deferred", 2, "deferred", "4Wkq2T3cz1z2Lw", "deferred/7/C/4Wkq2T3cz1z2Lw"},
        {"deferred", 2, "deferred", "4Wkq2T0000z2Lw", "deferred/0/0/4Wkq2T0000z2Lw"},
        // A 'z' before the tenth byte does not make a long ID.
        {"deferred", 2, "deferred", "4Wkq2T3c1z2Lw", "deferred/4/W/4Wkq2T3c1z2Lw"},
        // Kept quirk: a site with a late 'z' is taken for a long ID whose time does not decode.
        {"flush", 2, "flush", "www_example_cz", "flush/0/0/www_example_cz"},
    }));
    CAPTURE(row.hashed, row.depth, row.name);
    CHECK(queue_layout(row.hashed, row.depth).path(row.queue, row.name) == row.path);
}

TEST_CASE("queue_layout knows the depth of each queue, and the paths at other depths") {
    const queue_layout layout("deferred, Flush", 2);
    CHECK(layout.depth("deferred") == 2);
    CHECK(layout.depth("flush") == 2);
    CHECK(layout.depth("incoming") == 0);
    CHECK(queue_layout::path_at("deferred", "9B01F20A3C", 0) == "deferred/9B01F20A3C");
    CHECK(queue_layout::path_at("deferred", "9B01F20A3C", 3) == "deferred/9/B/0/9B01F20A3C");
    CHECK(queue_layout::path_at("hold", "4Wkq2T3cz1z2Lw", 1) == "hold/7/4Wkq2T3cz1z2Lw");
    CHECK(queue_layout::hash_key("9B01F20A3C") == "9B01F20A3C");
    CHECK(queue_layout::hash_key("4Wkq2T3cz1z2Lw") == "7CC1D");
}

TEST_CASE("make_parent_directories makes what is missing, private to the owner") {
    const temporary_directory directory;
    const std::string file = directory.file("a/b/file");
    CHECK_FALSE(postfix_proto::make_parent_directories(file));
    struct stat st {};
    REQUIRE(::stat(directory.file("a/b").c_str(), &st) == 0);
    CHECK((st.st_mode & 0777U) == 0700U);
    CHECK_FALSE(postfix_proto::make_parent_directories(file)); // already there
    CHECK_FALSE(std::filesystem::exists(file));
}
