#include "catch.hpp"
#include "spool.hpp"

#include "flushd/daemon/logfile_place.hpp"

#include <filesystem>
#include <string>

using namespace flushd;
using postfix_proto::queue_layout;

namespace {

/// The error of a process that appends a line, with `flush` hashed so deep; 0 is not hashed.
std::error_code append(unsigned depth,
                       logfile::missing when_missing = logfile::missing::is_created) {
    const queue_layout layout(depth > 0 ? "flush" : "deferred", depth);
    auto opened = open_logfile(layout, *logfile_name::from_name("customer_tld"), when_missing);
    if (!opened)
        return opened.error();
    if (const auto failure = opened->try_lock())
        return failure;
    return opened->append("A1\n");
}

} // namespace

TEST_CASE("a logfile at another depth is used where it is") {
    spool queue;
    const std::string directory = GENERATE("flush", "flush/c", "flush/c/u", "flush/c/u/s");
    std::filesystem::create_directories(directory);
    const std::string path = directory + "/customer_tld";
    spool::write(path, "B2\n");
    for (unsigned depth = 0; depth <= 3; ++depth)
        CHECK_FALSE(append(depth));
    CHECK(spool::content(path) == "B2\nA1\nA1\nA1\nA1\n");
}

TEST_CASE("a logfile in its place comes first, and is made there") {
    spool queue;
    CHECK(append(1, logfile::missing::is_error) == std::errc::no_such_file_or_directory);
    CHECK_FALSE(append(1));
    CHECK(spool::content("flush/c/customer_tld") == "A1\n");
    spool::write("flush/customer_tld", "B2\n");
    CHECK_FALSE(append(1));
    CHECK(spool::content("flush/c/customer_tld") == "A1\nA1\n");
    CHECK(spool::content("flush/customer_tld") == "B2\n");
}

TEST_CASE("the logfile of a site of one letter is no directory of others") {
    spool queue;
    spool::write("flush/c", "B2\n");
    CHECK_FALSE(append(0));
    CHECK(spool::content("flush/customer_tld") == "A1\n");
}

TEST_CASE("a directory of a site's name is an error, as it was") {
    spool queue;
    std::filesystem::create_directory("flush/customer_tld");
    CHECK(append(0) == std::errc::is_a_directory);
    CHECK_FALSE(append(1)); // elsewhere it is in nobody's way
}
