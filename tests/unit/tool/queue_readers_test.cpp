#include "catch.hpp"
#include "queue_file.hpp"
#include "spool.hpp"

#include "flushd/tool/queue/queue_readers.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

using namespace flushd::tool;
using postfix_proto::queue_layout;
namespace fs = std::filesystem;

namespace {

void write(const std::string& path, const std::string& content, int mode) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << content;
    ::chmod(path.c_str(), static_cast<mode_t>(mode));
}

const std::vector<queue_readers::queue> deferred_and_hold = {
    {"deferred", queue_files::place::deferred}, {"hold", queue_files::place::hold}};

} // namespace

TEST_CASE("survey: the files of each message are read once, at any depth of directories") {
    const auto depth = GENERATE(0U, 1U, 2U);
    const spool directory;
    fs::create_directory("hold");
    const queue_layout layout(depth > 0 ? "deferred, defer" : "", std::max(depth, 1U));
    std::set<std::string> ids;
    for (int i = 0; i < 500; ++i) {
        const auto id = fmt::format("{:X}{:05X}", i % 16, i);
        ids.insert(id);
        write(layout.path("deferred", id), queue_file(i, 1700000000), 0700);
        write(layout.path("defer", id), fmt::format("recipient=a@b.tld\nreason={}\n\n", id), 0600);
    }
    write("hold/F00", queue_file(5, 6), 0700);
    ids.insert("F00");
    write(layout.path("deferred", "F01"), queue_file(5, 6), 0600); // being written
    write("hold/no message", "", 0700);

    std::set<std::string> found;
    queue_readers readers(layout, deferred_and_hold);
    for (queue_readers::batch messages; readers.next(messages);)
        for (std::size_t i = 0; i < messages.size; ++i) {
            const auto& one = messages.messages[i];
            CHECK(found.insert(one.id->str()).second);
            CHECK((one.where == queue_files::place::hold) == (one.id->str() == "F00"));
            CHECK(one.envelope.sender == "someone@sender.tld");
            CHECK(one.is_damaged); // it has no content and no end
            CHECK((one.where == queue_files::place::hold ||
                   one.defer_log.find("reason=" + one.id->str()) != std::string::npos));
        }
    CHECK(found == ids);
    CHECK_FALSE(readers.unreadable());
    queue_readers::batch none;
    CHECK_FALSE(readers.next(none));
}

TEST_CASE("survey: whoever has seen enough does not wait for the rest") {
    const spool directory;
    const queue_layout layout("", 1);
    for (int i = 0; i < 3000; ++i)
        write(fmt::format("deferred/A{:05X}", i), queue_file(i, 1700000000), 0700);
    queue_readers readers(layout, {{"deferred", queue_files::place::deferred}});
    queue_readers::batch first;
    CHECK(readers.next(first));
    CHECK(first.size > 0);
}

TEST_CASE("survey: a queue that cannot be read is told") {
    const spool directory;
    const queue_layout layout("", 1);
    queue_readers readers(layout, deferred_and_hold);
    queue_readers::batch none;
    CHECK_FALSE(readers.next(none));
    REQUIRE(readers.unreadable());
    CHECK(readers.unreadable()->queue == "hold");
    CHECK(readers.unreadable()->reason == std::errc::no_such_file_or_directory);
}
