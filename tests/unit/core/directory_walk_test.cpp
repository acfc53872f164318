#include "catch.hpp"

#include "flushd/core/directory_walk.hpp"
#include "temporary_directory.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

using flushd::directory_walk;
namespace fs = std::filesystem;

TEST_CASE("a walk shows all entries of the directories that are entered, and ends") {
    const temporary_directory dir;
    fs::create_directories(dir.path() / "a/b");
    fs::create_directory(dir.path() / "not entered");
    for (const char* name : {"1", "a/2", "a/b/3", "not entered/4"})
        std::ofstream(dir.path() / name) << name;
    const auto top = dir.path().string();
    directory_walk walk;
    REQUIRE_FALSE(walk.enter(top));
    std::set<std::string> seen;
    while (!walk.is_done()) {
        const auto next = walk.next();
        REQUIRE(next);
        if (!*next)
            continue;
        CHECK(seen.insert((*next)->path.substr(top.size())).second);
        if ((*next)->name == "a" || (*next)->name == "b")
            CHECK_FALSE(walk.enter((*next)->path));
    }
    CHECK(seen == std::set<std::string>{"/1", "/a", "/a/2", "/a/b", "/a/b/3", "/not entered"});
}

TEST_CASE("a walk does not enter what is no directory") {
    const temporary_directory dir;
    std::ofstream(dir.file("file")) << "x";
    directory_walk walk;
    CHECK(walk.enter(dir.file("file")) == std::errc::not_a_directory);
    CHECK(walk.enter(dir.file("none")) == std::errc::no_such_file_or_directory);
    CHECK(walk.is_done());
}
