#include "catch.hpp"
#include "spool.hpp"

#include "flushd/daemon/queue_mover.hpp"

#include <ctime>

using flushd::deferred_transports;
using flushd::move_result;
using flushd::queue_mover;
using flushd::queue_places;
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

    move_result send(queue_mover& by) {
        queue_places places(by.layout());
        return by.expedite(id, now, deferred_transports::overridden, places);
    }
    move_result send() { return send(mover); }
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
    CHECK(f.send() == move_result::moved);
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
    CHECK(f.send(mover) == move_result::moved);
    CHECK(spool::has("incoming/A/1", "A1"));
}

TEST_CASE("queue_mover expedites what another process has moved already") {
    fixture f;
    spool::message("incoming", "A1");
    CHECK(f.send() == move_result::moved);
    CHECK(status_of("incoming/A1").st_mtim.tv_sec == f.now);
}

TEST_CASE("queue_mover leaves an active message alone") {
    fixture f;
    spool::message("active", "A1");
    CHECK(f.send() == move_result::missing);
    CHECK(f.mover.expedite_unthrottled(f.id, f.now) == move_result::missing);
    CHECK(status_of("active/A1").st_mtim.tv_sec == 1000);
}

TEST_CASE("queue_mover reports a message that cannot be moved") {
    fixture f;
    spool::message("deferred", "A1");
    std::filesystem::create_directories("incoming/A1/in the way");
    CHECK(f.send() == move_result::failed);
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

namespace {

/// As where main.cf has defer_transports.
struct deferring : fixture {
    queue_mover deferring_mover{layout, log, true};

    mode_t mode_after(deferred_transports transports) {
        queue_places places(layout);
        CHECK(deferring_mover.expedite(id, now, transports, places) == move_result::moved);
        return status_of("incoming/A1").st_mode & 07777U;
    }
};

} // namespace

TEST_CASE("queue_mover overrides defer_transports for each message of a send, and of no refresh") {
    deferring f;
    const std::string queue = GENERATE("deferred", "incoming");
    spool::message(queue, "A1");
    SECTION("a send") {
        CHECK(f.mode_after(deferred_transports::overridden) == 0740U);
        CHECK(status_of("incoming/A1").st_mtim.tv_sec == f.now);
        CHECK(status_of("incoming/A1").st_atim.tv_sec == f.now);
    }
    SECTION("a refresh") { CHECK(f.mode_after(deferred_transports::respected) == 0700U); }
}

TEST_CASE("queue_mover gives the permission again to what qmgr has, and to nothing else") {
    deferring f;
    const std::string queue = GENERATE("active", "incoming", "deferred");
    spool::message(queue, "A1");
    f.mover.permit_again(*queue_id::parse("A1"));
    const auto status = status_of((queue + "/A1").c_str());
    CHECK((status.st_mode & 07777U) == (queue == "deferred" ? 0700U : 0740U));
    CHECK(status.st_mtim.tv_sec == 1000);
}

TEST_CASE("queue_mover moves in a send what cannot have the permission") {
    deferring f;
    spool::message("deferred", "A1");
    SECTION("not ready") {
        ::chmod("deferred/A1", 0600);
        CHECK(f.mode_after(deferred_transports::overridden) == 0600U);
    }
    SECTION("a hard link to something else") {
        REQUIRE(::link("deferred/A1", "elsewhere") == 0);
        CHECK(f.mode_after(deferred_transports::overridden) == 0700U);
    }
    SECTION("a symbolic link to something else") {
        std::filesystem::rename("deferred/A1", "elsewhere");
        std::filesystem::create_symlink("../elsewhere", "deferred/A1");
        CHECK(f.mode_after(deferred_transports::overridden) == 0700U);
        CHECK(std::filesystem::is_symlink("incoming/A1"));
    }
    CHECK_FALSE(spool::has("deferred", "A1"));
}

TEST_CASE("queue_mover finds a message at another depth than the layout says") {
    struct row {
        std::string hashed;
        unsigned depth;
        std::string directory;
    };
    const auto row = GENERATE(values<struct row>({{"deferred", 1, "deferred"},
                                                  {"deferred", 1, "deferred/A/1"},
                                                  {"deferred", 1, "deferred/A/1/_"},
                                                  {"deferred", 3, "deferred"},
                                                  {"deferred", 3, "deferred/A/1"},
                                                  {"defer", 1, "deferred/A"}}));
    CAPTURE(row.hashed, row.depth, row.directory);
    fixture f;
    const queue_layout layout(row.hashed, row.depth);
    queue_mover mover(layout, f.log, true);
    std::filesystem::create_directories(row.directory);
    spool::message(row.directory, "A1");
    const bool one_message = GENERATE(false, true);
    CHECK((one_message ? mover.expedite_unthrottled(f.id, f.now) : f.send(mover)) ==
          move_result::moved);
    CHECK_FALSE(spool::has(row.directory, "A1"));
    CHECK((status_of("incoming/A1").st_mode & 07777U) == 0740U);
}

TEST_CASE("queue_mover leaves a message on hold alone") {
    fixture f;
    const std::string directory = GENERATE("hold", "hold/A", "hold/A/1");
    const queue_layout layout(GENERATE("deferred", "deferred, hold"), 1);
    std::filesystem::create_directories(directory);
    spool::message(directory, "A1");
    queue_mover mover(layout, f.log);
    CHECK(f.send(mover) == move_result::held);
    CHECK(mover.expedite_unthrottled(f.id, f.now) == move_result::held);
    CHECK(status_of((directory + "/A1").c_str()).st_mtim.tv_sec == 1000);
    f.id = *queue_id::parse("A2");
    CHECK(f.send(mover) == move_result::missing);
}
