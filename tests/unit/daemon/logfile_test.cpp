#include "catch.hpp"
#include "open_logfile.hpp"
#include "spool.hpp"

#include "flushd/daemon/logfile.hpp"

#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <string>

using flushd::logfile;

namespace {

constexpr const char* path = logfile_path;

std::error_code error_of_open(logfile::missing when_missing, const std::string& name = path) {
    auto opened = logfile::open(name, when_missing);
    return opened ? std::error_code() : opened.error();
}

} // namespace

TEST_CASE("logfile appends a line for each queue ID and makes the file private") {
    const spool queue;
    append("A1");
    append("B2");
    CHECK(spool::content(path) == "A1\nB2\n");
    struct stat status {};
    REQUIRE(::stat(path, &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600U);
}

TEST_CASE("logfile makes the directories of a hashed flush queue") {
    const spool queue;
    const auto file = open_locked(logfile::missing::is_created, "flush/c/u/customer_tld");
    CHECK(std::filesystem::exists("flush/c/u/customer_tld"));
}

TEST_CASE("logfile completes an unfinished last line, so that no two IDs run into each other") {
    const spool queue;
    spool::write(path, "A1\nB2");
    append("C3");
    CHECK(spool::content(path) == "A1\nB2\nC3\n");
}

TEST_CASE("logfile looks at the last line without making the logfile look read") {
    const spool queue;
    append("A1");
    spool::make_older(path, 5000);
    struct stat before {};
    REQUIRE(::stat(path, &before) == 0);
    append("B2");
    struct stat after {};
    REQUIRE(::stat(path, &after) == 0);
    CHECK(before.st_atim.tv_sec == after.st_atim.tv_sec);
    CHECK(before.st_mtim.tv_sec < after.st_mtim.tv_sec);
}

TEST_CASE("logfile leaves no part of a line behind when the disk is full") {
    const spool queue;
    append("A1");
    {
        const file_size_limit limit(5); // room for two of the next line's three bytes
        auto file = open_locked(logfile::missing::is_created);
        CHECK(file.append("B2\n") == std::errc::file_too_large);
    }
    CHECK(spool::content(path) == "A1\n");
    append("B2");
    CHECK(spool::content(path) == "A1\nB2\n");
}

TEST_CASE("logfile opens and locks only regular files") {
    const spool queue;
    CHECK(error_of_open(logfile::missing::is_error) == std::errc::no_such_file_or_directory);
    std::filesystem::create_directory(path);
    CHECK(error_of_open(logfile::missing::is_created) == std::errc::is_a_directory);
    CHECK(error_of_open(logfile::missing::is_error) == std::errc::is_a_directory);
    std::filesystem::remove(path);
    REQUIRE(::mkfifo(path, 0600) == 0);
    auto fifo = logfile::open(path, logfile::missing::is_created);
    CHECK(fifo->try_lock() == std::errc::invalid_argument);
}

TEST_CASE("logfile does not wait for a lock") {
    const spool queue;
    append("A1");
    const auto holder = open_locked(logfile::missing::is_error);
    auto opened = logfile::open(path, logfile::missing::is_created);
    auto& other = *opened;
    CHECK(other.try_lock() == std::errc::resource_unavailable_try_again);
}

TEST_CASE("logfile removes an empty logfile only when it is old, and still that file") {
    const spool queue;
    spool::write(path, "");
    spool::make_older(path, 1000);
    const std::time_t now = std::time(nullptr);
    auto file = open_locked(logfile::missing::is_error);
    SECTION("it is") {
        CHECK_FALSE(*file.remove_if_empty_since(now - 2000));
        CHECK(*file.remove_if_empty_since(now - 500));
        REQUIRE_FALSE(file.try_lock());
        CHECK(file.unlinked());
        CHECK_FALSE(std::filesystem::exists(path));
    }
    SECTION("something has been listed") {
        spool::write(path, "A1\n");
        spool::make_older(path, 1000);
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(*file.remove_if_empty_since(now - 500));
        CHECK(std::filesystem::exists(path));
    }
    SECTION("another file has its name") {
        std::filesystem::remove(path);
        spool::write(path, "A1\n");
        CHECK_FALSE(*file.remove_if_empty_since(now - 500));
        CHECK(spool::content(path) == "A1\n");
    }
}
