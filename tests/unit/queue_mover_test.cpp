#include "catch.hpp"
#include "spool.hpp"

#include "flushd/queue_mover.hpp"

#include <ctime>

using flushd::move_result;
using flushd::queue_mover;
using postfix_proto::logger;
using postfix_proto::queue_id;
using postfix_proto::queue_layout;

namespace {

struct fixture {
    spool queue;
    queue_layout layout{"", 1};
    logger log{nullptr};
    queue_mover mover{layout, log};
    queue_id id = *queue_id::parse("A1");
    std::time_t now = std::time(nullptr);
};

struct stat status_of(const char* path) {
    struct stat status {};
    REQUIRE(::stat(path, &status) == 0);
    return status;
}

} // namespace

TEST_CASE("queue_mover moves a deferred message and makes it due now") {
    fixture f;
    spool::message("deferred", "A1");
    CHECK(f.mover.expedite(f.id, f.now) == move_result::moved);
    CHECK_FALSE(spool::has("deferred", "A1"));
    const auto status = status_of("incoming/A1");
    CHECK(status.st_mtim.tv_sec == f.now);
    CHECK(status.st_atim.tv_sec == f.now);
    CHECK((status.st_mode & 07777U) == 0700U);
}

TEST_CASE("queue_mover makes the directories of a hashed incoming queue") {
    fixture f;
    const queue_layout hashed("incoming", 2);
    queue_mover mover(hashed, f.log);
    spool::message("deferred", "A1");
    CHECK(mover.expedite(f.id, f.now) == move_result::moved);
    CHECK(spool::has("incoming/A/1", "A1"));
}

TEST_CASE("queue_mover expedites what another process has moved already") {
    fixture f;
    spool::message("incoming", "A1");
    CHECK(f.mover.expedite(f.id, f.now) == move_result::moved);
    CHECK(status_of("incoming/A1").st_mtim.tv_sec == f.now);
}

TEST_CASE("queue_mover leaves an active message alone") {
    fixture f;
    spool::message("active", "A1");
    CHECK(f.mover.expedite(f.id, f.now) == move_result::missing);
    CHECK(f.mover.expedite_unthrottled(f.id, f.now) == move_result::missing);
    CHECK(status_of("active/A1").st_mtim.tv_sec == 1000);
}

TEST_CASE("queue_mover reports a message that cannot be moved") {
    fixture f;
    spool::message("deferred", "A1");
    std::filesystem::create_directories("incoming/A1/in the way");
    CHECK(f.mover.expedite(f.id, f.now) == move_result::failed);
    CHECK(spool::has("deferred", "A1"));
}

TEST_CASE("queue_mover asks qmgr to unthrottle one message by its group read permission") {
    fixture f;
    spool::message("deferred", "A1");
    CHECK(f.mover.expedite_unthrottled(f.id, f.now) == move_result::moved);
    CHECK((status_of("incoming/A1").st_mode & 07777U) == 0740U);
}

TEST_CASE("queue_mover does not touch what is not a message that is ready") {
    fixture f;
    spool::message("deferred", "A1");
    SECTION("still being written") {
        ::chmod("deferred/A1", 0600);
        CHECK(f.mover.expedite_unthrottled(f.id, f.now) == move_result::missing);
        CHECK((status_of("deferred/A1").st_mode & 07777U) == 0600U);
    }
    SECTION("a hard link to something else") {
        REQUIRE(::link("deferred/A1", "elsewhere") == 0);
        CHECK(f.mover.expedite_unthrottled(f.id, f.now) == move_result::failed);
        CHECK((status_of("elsewhere").st_mode & 07777U) == 0700U);
    }
    SECTION("a symbolic link to something else") {
        std::filesystem::rename("deferred/A1", "elsewhere");
        std::filesystem::create_symlink("../elsewhere", "deferred/A1");
        CHECK(f.mover.expedite_unthrottled(f.id, f.now) == move_result::failed);
        CHECK((status_of("elsewhere").st_mode & 07777U) == 0700U);
    }
    CHECK(spool::has("deferred", "A1"));
}
