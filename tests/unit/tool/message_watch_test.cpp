#include "catch.hpp"
#include "queue_file.hpp"
#include "spool.hpp"

#include "flushd/tool/send/message_watch.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <utility>

using namespace flushd::tool;
using namespace std::string_literals;
using postfix_proto::queue_id;

namespace {

// In another tick of the clock, as whatever moves a message that somebody has asked for is.
void set_due_later(const std::string& path, std::time_t when) {
    const auto changed = [&] {
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        return std::pair(status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
    };
    const auto before = changed();
    do
        set_due(path, when);
    while (changed() == before);
}

} // namespace

TEST_CASE("messages are followed until they have left or are deferred again") {
    const spool queue;
    const postfix_proto::queue_layout layout("", 1);
    const queue_files files(layout);
    constexpr std::time_t now = 10000;
    for (const char* id : {"A1", "B2", "C3", "D4"}) {
        spool::write("deferred/"s + id, queue_file(1, 1));
        set_due("deferred/"s + id, 20000);
    }
    flushd::bounce_watch bounces(layout);
    message_watch watch(files);
    for (const char* id : {"A1", "B2", "C3", "D4", "NONE"})
        watch.add(*queue_id::parse(id));
    watch.look(now, bounces);
    CHECK(watch.result().all() == 4);
    CHECK(watch.result().waiting == 4);

    set_due_later("deferred/A1", now); // the service is about to move it
    std::filesystem::rename("deferred/B2", "active/B2");
    set_due_later("deferred/C3", 30000); // moved, tried and deferred again since the last look
    set_due_later("deferred/D4", 20000); // the same, within the second in which it was deferred
    watch.look(now, bounces);
    CHECK(watch.result().waiting == 1);
    CHECK(watch.result().moving == 1);
    CHECK(watch.result().deferred == 2);
    CHECK(watch.take_deferred().size() == 2);
    CHECK(watch.take_deferred().empty());

    std::filesystem::rename("deferred/A1", "incoming/A1");
    std::filesystem::rename("active/B2", "deferred/B2");
    watch.look(now, bounces);
    CHECK(watch.result().moving == 1);
    CHECK(watch.result().deferred == 3);
    std::filesystem::remove("incoming/A1");
    watch.look(now, bounces);
    CHECK(watch.result().left == 1);
    CHECK(watch.result().is_done());
    CHECK(watch.result().all() == 4);
}

TEST_CASE("a returned message is told from a delivered one by its file in bounce") {
    const spool queue;
    for (const char* directory : {"bounce", "hold"})
        std::filesystem::create_directories(directory);
    const postfix_proto::queue_layout layout("", 1);
    const queue_files files(layout);
    for (const char* id : {"A1", "B2"})
        spool::write("active/"s + id, queue_file(1, 1));
    spool::write("hold/C3", queue_file(1, 1));
    flushd::bounce_watch bounces(layout);
    bounces.start();
    message_watch watch(files);
    for (const char* id : {"A1", "B2", "C3", "A1"})
        watch.add(*queue_id::parse(id));
    CHECK(watch.result().moving == 2);
    CHECK(watch.result().held == 1);

    spool::write("bounce/A1", "");
    std::filesystem::remove("bounce/A1");
    for (const char* id : {"A1", "B2"})
        std::filesystem::remove("active/"s + id);
    watch.look(0, bounces);
    CHECK(watch.result().bounced == 1);
    CHECK(watch.result().delivered == 1);
    CHECK(watch.result().all() == 3);
}

TEST_CASE("without inotify a message that is gone has left the queue") {
    const spool queue;
    const postfix_proto::queue_layout layout("bounce", 1); // hashed: see bounce_watch
    const queue_files files(layout);
    spool::write("active/A1", queue_file(1, 1));
    flushd::bounce_watch bounces(layout);
    bounces.start();
    message_watch watch(files);
    watch.add(*queue_id::parse("A1"));
    std::filesystem::remove("active/A1");
    watch.look(0, bounces);
    CHECK(watch.result().left == 1);
    CHECK(watch.result().gone() == 1);
}
