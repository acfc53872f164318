#include "catch.hpp"
#include "recording_sink.hpp"
#include "temporary_directory.hpp"

#include "flushd/core/unfinished_sends.hpp"

#include "postfix_proto/file_io.hpp"

#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace flushd;

namespace {

std::string own_name() { return ::geteuid() == 0 ? "root" : ""; }

/// Two processes are two openings of the file.
struct fixture {
    temporary_directory directory;
    std::string path = directory.file("flushd.sends");
    recorded_log records;
    postfix_proto::logger log{records.sink()};
    logfile_name file = *logfile_name::from_site("customer.tld");

    std::string content() const { return *postfix_proto::read_whole_file(path, 1'000'000); }
};

/// What a process that is killed does not destroy.
template <typename Value>
Value& keep_for_ever(Value value) {
    static auto* const kept = new std::vector<std::unique_ptr<Value>>;
    kept->push_back(std::make_unique<Value>(std::move(value)));
    return *kept->back();
}

} // namespace

TEST_CASE("unfinished sends: one that is done leaves nothing behind") {
    fixture f;
    unfinished_sends mine;
    REQUIRE_FALSE(mine.open(f.path, own_name()));
    {
        const auto record = mine.add({f.file, "customer.tld"});
        REQUIRE(record);
        CHECK(f.content().rfind("customer_tld 1 - customer.tld\n", 0) == 0);
        const auto second = mine.add({f.file, "b.tld"});
        CHECK(f.content().find("b.tld") == 512 + std::string("customer_tld 1 - ").size());
    }
    CHECK(f.content().find_first_not_of('\0') == std::string::npos);
}

TEST_CASE("unfinished sends: what a living process has begun is left to it") {
    fixture f;
    unfinished_sends mine, other;
    REQUIRE_FALSE(mine.open(f.path, own_name()));
    REQUIRE_FALSE(other.open(f.path, own_name()));
    const auto record = mine.add({f.file, "customer.tld"});
    CHECK(other.take_over(f.log).empty());
    CHECK(mine.take_over(f.log).empty());
}

TEST_CASE("unfinished sends: what a dead process has begun is taken over, a few times") {
    fixture f;
    std::optional<unfinished_sends> owner;
    owner.emplace();
    REQUIRE_FALSE(owner->open(f.path, own_name()));
    REQUIRE(keep_for_ever(owner->add({f.file, "customer.tld"})));
    owner.reset();
    for (int process = 1; process < 5; ++process) {
        unfinished_sends next;
        REQUIRE_FALSE(next.open(f.path, own_name()));
        const auto& taken = keep_for_ever(next.take_over(f.log));
        REQUIRE(taken.size() == 1);
        CHECK(taken.front().what.site == "customer.tld");
        CHECK(taken.front().what.file == f.file);
    }
    unfinished_sends last;
    REQUIRE_FALSE(last.open(f.path, own_name()));
    CHECK(last.take_over(f.log).empty());
    CHECK(f.records.lines().size() == 1);
    CHECK(f.content().find_first_not_of('\0') == std::string::npos);
}

TEST_CASE("unfinished sends: without the file nothing is remembered") {
    fixture f;
    unfinished_sends mine;
    CHECK(mine.open("/no/such/directory/file", own_name()));
    CHECK_FALSE(mine.add({f.file, "customer.tld"}));
    CHECK(mine.take_over(f.log).empty());
}

TEST_CASE("unfinished sends: what an operator leaves is taken over, with its pace") {
    fixture f;
    unfinished_sends tool, service;
    REQUIRE_FALSE(tool.open(f.path, own_name()));
    REQUIRE_FALSE(service.open(f.path, own_name()));
    const send_pace pace{std::chrono::milliseconds(50), 3, 1795766400};
    REQUIRE(tool.leave({f.file, "customer.tld", pace}));
    REQUIRE(tool.list().size() == 1);
    CHECK_FALSE(tool.list().front().is_under_way);
    CHECK(service.has_changed());
    const auto taken = service.take_over(f.log);
    REQUIRE(taken.size() == 1);
    CHECK(taken.front().what.pace == pace);
    CHECK(taken.front().what.tries == 1);
    CHECK(tool.list().front().is_under_way);
}

TEST_CASE("unfinished sends: one that is called off tells its process") {
    fixture f;
    unfinished_sends tool, service;
    REQUIRE_FALSE(tool.open(f.path, own_name()));
    REQUIRE_FALSE(service.open(f.path, own_name()));
    auto mine = service.add({f.file, "customer.tld"});
    REQUIRE(mine);
    CHECK_FALSE(mine->is_called_off());
    CHECK(tool.call_off(*logfile_name::from_site("other.tld")) == 0);
    CHECK(tool.call_off(f.file) == 1);
    CHECK(mine->is_called_off());
    mine->note_progress({f.file, "customer.tld"}); // does not bring it back
    CHECK(tool.list().empty());
}
