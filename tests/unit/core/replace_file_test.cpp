#include "catch.hpp"

#include "flushd/core/replace_file.hpp"
#include "postfix_proto/file_io.hpp"
#include "temporary_directory.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

using flushd::replace_file;
namespace fs = std::filesystem;

namespace {

std::ptrdiff_t entries(const temporary_directory& dir) {
    const fs::directory_iterator all(dir.path());
    return std::distance(begin(all), end(all));
}

} // namespace

TEST_CASE("a file is replaced by another one of the wanted mode, whatever the umask") {
    const temporary_directory dir;
    const auto path = dir.file("file");
    std::ofstream(path) << "old";
    std::ifstream reader(path);
    const auto before = ::umask(077);
    const bool is_replaced = replace_file(path, "new", {.mode = 0644}).has_value();
    ::umask(before);
    CHECK(is_replaced);
    CHECK(*postfix_proto::read_whole_file(path, 10) == "new");
    CHECK(fs::status(path).permissions() == fs::perms(0644));
    std::string seen;
    reader >> seen;
    CHECK(seen == "old"); // who has it open reads on
    CHECK(entries(dir) == 1);
}

TEST_CASE("a file that cannot be replaced says why and leaves nothing behind") {
    const temporary_directory dir;
    const auto taken = dir.file("taken");
    fs::create_directory(taken);
    const auto done = replace_file(taken, "text", {});
    REQUIRE_FALSE(done);
    CHECK(done.error() == "cannot replace " + taken + ": Is a directory");
    CHECK(entries(dir) == 1);
    const auto nowhere = dir.file("none/file");
    CHECK(replace_file(nowhere, "text", {}).error() ==
          "cannot create " + nowhere + ": No such file or directory");
}
