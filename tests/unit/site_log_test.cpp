#include "catch.hpp"
#include "spool.hpp"

#include "flushd/site_log.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>

#include <csignal>
#include <string>

using flushd::site_log;

namespace {

constexpr const char* path = "flush/customer_tld";

site_log open_locked(site_log::missing when_missing, const std::string& name = path) {
    auto opened = site_log::open(name, when_missing);
    if (const auto* failure = std::get_if<std::error_code>(&opened))
        throw std::system_error(*failure, name);
    auto& file = std::get<site_log>(opened);
    REQUIRE_FALSE(file.try_lock());
    return std::move(file);
}

std::error_code error_of_open(site_log::missing when_missing, const std::string& name = path) {
    auto opened = site_log::open(name, when_missing);
    const auto* failure = std::get_if<std::error_code>(&opened);
    return failure != nullptr ? *failure : std::error_code();
}

void append(std::string_view id) {
    REQUIRE_FALSE(open_locked(site_log::missing::is_created).append(std::string(id) + "\n"));
}

/// While it lives, files cannot grow beyond `size` bytes.
class file_size_limit {
public:
    explicit file_size_limit(rlim_t size) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{size, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    file_size_limit(const file_size_limit&) = delete;
    file_size_limit& operator=(const file_size_limit&) = delete;
    ~file_size_limit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

} // namespace

TEST_CASE("site_log appends a line for each queue ID and makes the file private") {
    const spool queue;
    append("A1");
    append("B2");
    CHECK(spool::content(path) == "A1\nB2\n");
    struct stat status {};
    REQUIRE(::stat(path, &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600U);
}

TEST_CASE("site_log makes the directories of a hashed flush queue") {
    const spool queue;
    const auto file = open_locked(site_log::missing::is_created, "flush/c/u/customer_tld");
    CHECK(std::filesystem::exists("flush/c/u/customer_tld"));
}

TEST_CASE("site_log completes an unfinished last line, so that no two IDs run into each other") {
    const spool queue;
    spool::write(path, "A1\nB2");
    append("C3");
    CHECK(spool::content(path) == "A1\nB2\nC3\n");
}

TEST_CASE("site_log looks at the last line without making the logfile look read") {
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

TEST_CASE("site_log leaves no part of a line behind when the disk is full") {
    const spool queue;
    append("A1");
    {
        const file_size_limit limit(5); // room for two of the next line's three bytes
        auto file = open_locked(site_log::missing::is_created);
        CHECK(file.append("B2\n") == std::errc::file_too_large);
    }
    CHECK(spool::content(path) == "A1\n");
    append("B2");
    CHECK(spool::content(path) == "A1\nB2\n");
}

TEST_CASE("site_log opens and locks only regular files") {
    const spool queue;
    CHECK(error_of_open(site_log::missing::is_error) == std::errc::no_such_file_or_directory);
    std::filesystem::create_directory(path);
    CHECK(error_of_open(site_log::missing::is_created) == std::errc::is_a_directory);
    CHECK(error_of_open(site_log::missing::is_error) == std::errc::is_a_directory);
    std::filesystem::remove(path);
    REQUIRE(::mkfifo(path, 0600) == 0);
    auto fifo = site_log::open(path, site_log::missing::is_created);
    CHECK(std::get<site_log>(fifo).try_lock() == std::errc::invalid_argument);
}

TEST_CASE("site_log does not wait for a lock") {
    const spool queue;
    append("A1");
    const auto holder = open_locked(site_log::missing::is_error);
    auto opened = site_log::open(path, site_log::missing::is_created);
    auto& other = std::get<site_log>(opened);
    CHECK(other.try_lock() == std::errc::resource_unavailable_try_again);
}

TEST_CASE("site_log drops what was handled and keeps what was listed since") {
    const spool queue;
    spool::write(path, "A1\nB2\nC3\n");
    auto file = open_locked(site_log::missing::is_error);
    site_log::snapshot listed;
    file.mark_sent();
    REQUIRE_FALSE(file.take_snapshot(listed));
    CHECK(listed.lines == "A1\nB2\nC3\n");
    file.unlock();

    SECTION("nothing was listed") {
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(file.replace(listed, ""));
        CHECK(spool::content(path).empty());
    }
    SECTION("something could not be moved") {
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(file.replace(listed, "B2\n"));
        CHECK(spool::content(path) == "B2\n");
    }
    SECTION("a little was listed") {
        append("D4");
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(file.replace(listed, "B2\n"));
        CHECK(spool::content(path) == "B2\nD4\n");
    }
    SECTION("more was listed than handled") {
        std::string expected;
        for (int i = 0; i < 20; ++i) {
            const std::string id = "D" + std::to_string(i);
            append(id);
            expected += id + "\n";
        }
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(file.replace(listed, ""));
        CHECK(spool::content(path) == expected);
    }
}

TEST_CASE("site_log keeps an unfinished line that could not be moved apart from the next") {
    const spool queue;
    spool::write(path, "A1\nB2");
    auto file = open_locked(site_log::missing::is_error);
    site_log::snapshot listed;
    file.mark_sent();
    REQUIRE_FALSE(file.take_snapshot(listed));
    spool::write(path, "A1\nB2\nC3\n"); // an append completes the line
    REQUIRE_FALSE(file.try_lock());
    REQUIRE_FALSE(file.replace(listed, "B2\n"));
    CHECK(spool::content(path) == "B2\nC3\n");
}

TEST_CASE("site_log leaves alone what another flush service has truncated meanwhile") {
    const spool queue;
    spool::write(path, "A1\nB2\n");
    auto file = open_locked(site_log::missing::is_error);
    site_log::snapshot listed;
    file.mark_sent();
    REQUIRE_FALSE(file.take_snapshot(listed));
    file.unlock();

    REQUIRE(::truncate(path, 0) == 0); // as stock does,
    REQUIRE(::utimensat(AT_FDCWD, path, nullptr, 0) == 0);
    SECTION("and fewer IDs came back") {
        append("B2");
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(file.replace(listed, ""));
        CHECK(spool::content(path) == "B2\n");
    }
    SECTION("and other IDs came back") {
        append("C3");
        append("D4");
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(file.replace(listed, ""));
        CHECK(spool::content(path) == "C3\nD4\n");
    }
    SECTION("and the same IDs came back") {
        // At once: the kernel's clock for file times may not have ticked since mark_sent().
        append("A1");
        append("B2");
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(file.replace(listed, ""));
        CHECK(spool::content(path) == "A1\nB2\n");
    }
}

TEST_CASE("site_log removes an empty logfile only when it is old, and still that file") {
    const spool queue;
    spool::write(path, "");
    spool::make_older(path, 1000);
    const std::time_t now = std::time(nullptr);
    auto file = open_locked(site_log::missing::is_error);
    std::error_code failure;
    SECTION("it is") {
        CHECK_FALSE(file.remove_if_empty_since(now - 2000, path, failure));
        CHECK(file.remove_if_empty_since(now - 500, path, failure));
        REQUIRE_FALSE(file.try_lock());
        CHECK(file.unlinked());
        CHECK_FALSE(std::filesystem::exists(path));
    }
    SECTION("something has been listed") {
        spool::write(path, "A1\n");
        spool::make_older(path, 1000);
        REQUIRE_FALSE(file.try_lock());
        CHECK_FALSE(file.remove_if_empty_since(now - 500, path, failure));
        CHECK(std::filesystem::exists(path));
    }
    SECTION("another file has its name") {
        std::filesystem::remove(path);
        spool::write(path, "A1\n");
        CHECK_FALSE(file.remove_if_empty_since(now - 500, path, failure));
        CHECK(spool::content(path) == "A1\n");
    }
}
