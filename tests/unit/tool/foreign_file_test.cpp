#include "catch.hpp"
#include "spool.hpp"

#include "flushd/tool/postfix/foreign_file.hpp"
#include "flushd/tool/queue/listed_sites.hpp"
#include "flushd/tool/queue/queue_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <string>

using namespace flushd;
using namespace flushd::tool;
namespace fs = std::filesystem;

namespace {

/// Why it is not opened; 0 when it is.
int refusal(const std::string& directory, const std::string& name) {
    return open_foreign_file({directory, name}) ? 0 : errno;
}

} // namespace

TEST_CASE("of what somebody else has put there, only regular files are opened") {
    const spool queue;
    spool::write("flush/plain", "A1\n");
    fs::create_directories("flush/a/b");
    spool::write("flush/a/b/below", "");
    spool::write("outside", "secret\n");
    fs::create_symlink("../outside", "flush/link");
    fs::create_directory_symlink("..", "flush/up");
    fs::create_directory_symlink("a", "flush/directory_link");
    REQUIRE(::mkfifo("flush/fifo", 0600) == 0);
    fs::create_symlink("nowhere", "flush/dangling");

    CHECK(refusal("flush", "plain") == 0);
    CHECK(refusal("flush", "a/b/below") == 0);
    CHECK(refusal("flush", "link") == ELOOP);
    CHECK(refusal("flush", "dangling") == ELOOP);
    CHECK(refusal("flush", "up/outside") == ENOTDIR);
    CHECK(refusal("flush", "directory_link/b/below") == ENOTDIR);
    CHECK(refusal("flush", "fifo") == EINVAL);
    CHECK(refusal("public", "qmgr") == ENXIO); // a socket
    CHECK(refusal("flush", "a") == EINVAL);
    CHECK(refusal("flush", "../outside") == EINVAL);
    CHECK(refusal("flush", "a/../plain") == EINVAL);
    CHECK(refusal("flush", "/etc/passwd") == EINVAL);
    CHECK(refusal("flush", "") == EINVAL);
    CHECK(refusal("flush", "none") == ENOENT);
    CHECK(refusal("none", "plain") == ENOENT);

    CHECK(open_foreign_directory({"flush", "a/b"}));
    CHECK_FALSE(open_foreign_directory({"flush", "up"}));
    CHECK_FALSE(open_foreign_directory({"flush", "plain"}));
}

TEST_CASE("root may have moved a queue elsewhere, with a link") {
    const spool queue;
    fs::rename("deferred", "elsewhere");
    fs::create_directory_symlink("elsewhere", "deferred");
    spool::write("elsewhere/A1", "x");
    CHECK(refusal("deferred", "A1") == 0);
    const auto path = foreign_path::in_queue("deferred/A/A1");
    CHECK(path.directory == "deferred");
    CHECK(path.name == "A/A1");
}

TEST_CASE("no more is read of somebody else's file than the limit") {
    const spool queue;
    spool::write("flush/file", "12345");
    const auto too_large = std::make_error_code(std::errc::file_too_large);
    CHECK(*read_foreign_file({"flush", "file"}, 5) == "12345");
    CHECK(read_foreign_file({"flush", "file"}, 4).error() == too_large);
    CHECK(read_foreign_file({"flush", "none"}, 4).error() == std::errc::no_such_file_or_directory);
    spool::write("flush/empty", "");
    CHECK(read_foreign_file({"flush", "empty"}, 0)->empty());
    // A sparse one: of the size of no memory.
    REQUIRE(::truncate("flush/file", off_t{1} << 40U) == 0);
    CHECK(read_foreign_file({"flush", "file"}, std::size_t{1} << 20U).error() == too_large);
    // Whatever its size says, as in /proc.
    CHECK(read_foreign_file({"/proc/self", "status"}, 65536)->find("Name:") == 0);
    CHECK(read_foreign_file({"/proc/self", "status"}, 10).error() == too_large);
}

TEST_CASE("a walk follows no link and ends") {
    const spool queue;
    fs::create_directory_symlink("/", "flush/root");
    std::string deep = "flush";
    for (int n = 0; n < 100; ++n)
        fs::create_directory(deep += "/d");
    spool::write("flush/d/file", "");
    std::set<std::string> seen;
    CHECK_FALSE(walk_foreign_directory("flush", [&](const std::string& name, const struct stat&) {
        seen.insert(name);
        return name != "not";
    }));
    CHECK(seen.contains("root"));
    CHECK(seen.contains("d/file"));
    CHECK(seen.contains("d/d"));
    CHECK_FALSE(seen.contains("root/etc"));
    CHECK(seen.size() < 50);
    CHECK(walk_foreign_directory("none", [](const auto&, const auto&) { return true; }) ==
          std::errc::no_such_file_or_directory);
}

TEST_CASE("status reads the logfiles, and not what has been put beside them") {
    const spool queue;
    const postfix_proto::queue_layout layout("deferred", 1);
    spool::write("flush/customer_tld", "A1\n");
    spool::write("outside", "B2\n");
    fs::create_symlink("../outside", "flush/link_tld");
    REQUIRE(::mkfifo("flush/fifo_tld", 0600) == 0);
    spool::write("flush/huge_tld", "C3\n");
    REQUIRE(::truncate("flush/huge_tld", off_t{1} << 40U) == 0);
    fs::create_directory("elsewhere");
    spool::write("elsewhere/other_tld", "D4\n");
    fs::create_directory_symlink("../elsewhere", "flush/e");

    const auto all = read_listed_sites(layout);
    REQUIRE(all.size() == 1);
    CHECK(all[0].file.name() == "customer_tld");
    std::set<logfile_name> wanted;
    for (const char* name : {"link_tld", "fifo_tld", "huge_tld", "other_tld"})
        wanted.insert(*logfile_name::from_name(name));
    CHECK(read_listed_sites(layout, wanted).empty());

    fs::create_directory("deferred/A");
    fs::create_symlink("../../outside", "deferred/A/A1");
    CHECK_FALSE(queue_files(layout).read_deferred(*postfix_proto::queue_id::parse("A1")));
}
