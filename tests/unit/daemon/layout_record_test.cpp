#include "catch.hpp"
#include "recording_sink.hpp"
#include "spool.hpp"

#include "flushd/core/data_file.hpp"
#include "flushd/daemon/layout_record.hpp"

#include <unistd.h>

#include <filesystem>
#include <string>

using namespace flushd;

namespace {

struct fixture {
    temporary_directory directory;
    recorded_log records;
    postfix_proto::logger log{records.sink()};
    std::string path = directory.file("flushd.layout");

    /// What a process uses, as "depth names", that finds this in main.cf.
    std::string process(const std::string& in_force, unsigned depth,
                        const std::string& names = "deferred, defer") {
        flush_parameters parameters;
        parameters.hash_queue_depth = depth;
        parameters.hash_queue_names = names;
        CHECK_FALSE(
            keep_to_layout(in_force, path, ::geteuid() == 0 ? "root" : "", parameters, log));
        return std::to_string(parameters.hash_queue_depth) + ' ' + parameters.hash_queue_names;
    }
    bool defers(const std::string& in_force, bool in_main_cf) {
        flush_parameters parameters;
        parameters.defers_transports = in_main_cf;
        CHECK_FALSE(
            keep_to_layout(in_force, path, ::geteuid() == 0 ? "root" : "", parameters, log));
        return parameters.defers_transports;
    }
};

} // namespace

TEST_CASE("the layout of the queue changes when master reloads, not when main.cf does") {
    fixture f;
    CHECK(f.process("first", 1) == "1 deferred, defer");
    CHECK(f.process("first", 1) == "1 deferred, defer");
    CHECK(f.records.lines().empty());
    CHECK(f.process("first", 2) == "1 deferred, defer");
    REQUIRE(f.records.lines().size() == 1);
    CHECK(f.records.lines()[0].find("warning: hash_queue_depth or hash_queue_names") == 0);
    CHECK(f.process("first", 1, "deferred, flush") == "1 deferred, defer");
    f.records.clear();
    CHECK(f.process("second", 2, "flush") == "2 flush");
    CHECK(f.process("second", 2, "flush") == "2 flush");
    CHECK(f.records.lines().empty());
    CHECK(f.process("second", 1) == "2 flush");
}

TEST_CASE("defer_transports counts if the queue manager has read it, or may read it soon") {
    fixture f;
    CHECK_FALSE(f.defers("first", false));
    CHECK(f.defers("first", true));
    CHECK_FALSE(f.defers("first", false));
    CHECK(f.defers("second", true));
    CHECK(f.defers("second", false));
    CHECK_FALSE(f.defers("third", false));
    CHECK(f.records.lines().empty());
}

TEST_CASE("a record of the layout that is not whole does not count") {
    fixture f;
    CHECK(f.process("first", 1) == "1 deferred, defer");
    const auto whole = spool::content(f.path);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        spool::write(f.path, whole.substr(0, size));
        CAPTURE(size);
        CHECK(f.process("first", 2) == "2 deferred, defer");
        CHECK(f.process("first", 1) == "2 deferred, defer"); // has been written anew
        f.records.clear();
    }
    spool::write(f.path, whole + "more");
    CHECK(f.process("first", 2) == "1 deferred, defer");
    spool::write(f.path, "first\n1x\nno\ndeferred\nend\n");
    CHECK(f.process("first", 2) == "2 deferred, defer");
}

TEST_CASE("without a place for the record the layout is what main.cf says") {
    fixture f;
    flush_parameters parameters;
    parameters.hash_queue_depth = 2;
    const std::string user = ::geteuid() == 0 ? "root" : "";
    CHECK(keep_to_layout("first", f.directory.file("none/flushd.layout"), user, parameters,
                         f.log) == std::errc::no_such_file_or_directory);
    std::filesystem::create_symlink("elsewhere", f.path);
    CHECK(keep_to_layout("first", f.path, user, parameters, f.log) ==
          std::errc::too_many_symbolic_link_levels);
    CHECK(parameters.hash_queue_depth == 2);
    CHECK_FALSE(std::filesystem::exists(f.directory.file("elsewhere")));
}

TEST_CASE("the configuration in force has a new name after a reload and after a start of master") {
    spool queue;
    int first[2], second[2];
    REQUIRE(::pipe(first) == 0);
    REQUIRE(::pipe(second) == 0);
    CHECK_FALSE(configuration_in_force(first[1])); // no master
    std::filesystem::create_directory("pid");
    spool::write("pid/master.pid", "1\n");
    const auto before = configuration_in_force(first[1]);
    REQUIRE(before);
    CHECK(configuration_in_force(first[1]) == before);
    const auto reloaded = configuration_in_force(second[1]);
    CHECK(reloaded);
    CHECK(reloaded != before);
    spool::make_older("pid/master.pid", 10);
    CHECK(configuration_in_force(first[1]) != before);
    for (const int fd : {first[0], first[1], second[0], second[1]})
        ::close(fd);
    const int file = ::open("pid/master.pid", O_RDONLY | O_CLOEXEC);
    CHECK_FALSE(configuration_in_force(file));
    ::close(file);
    CHECK_FALSE(configuration_in_force(-1));
}
