#include "catch.hpp"
#include "temporary_directory.hpp"

#include "flushd/core/counters.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

using namespace flushd;

namespace {

std::string content(const std::string& path) {
    std::ostringstream result;
    result << std::ifstream(path).rdbuf();
    return result.str();
}

std::string own_name() { return ::geteuid() == 0 ? "root" : ""; }

struct fixture {
    temporary_directory dir;
    std::string path = dir.file("flushd.counters");
    counters counts;

    [[nodiscard]] counter_sums sums() const { return parse_counters(content(path)); }
};

} // namespace

TEST_CASE("counters have names of their own") {
    std::set<std::string_view> keys;
    std::set<std::string> series;
    for (std::size_t i = 0; i < counter_count; ++i) {
        const auto& name = name_of(static_cast<counter>(i));
        CHECK_FALSE(name.metric.name.empty());
        CHECK(keys.insert(name.key).second);
        CHECK(series.insert(std::string(name.metric.name) + std::string(name.labels)).second);
    }
    CHECK(name_of(counter::add_ok).key == "requests.add.ok");
    CHECK(name_of(counter::starts).key == "starts"); // the last one is in its place
    CHECK(name_of(counter::send_microseconds).metric.is_microseconds);
    CHECK(name_of(counter::refresh_microseconds).metric.is_microseconds);
}

TEST_CASE("counters go on from where the process before has stopped") {
    fixture f;
    for (int process = 1; process <= 3; ++process) {
        counters_file file;
        REQUIRE_FALSE(file.open(f.path, own_name()));
        f.counts.add(counter::add_ok, 2);
        f.counts.add(counter::starts);
        file.save(f.counts);
        CHECK_FALSE(f.counts.has_any());
        file.save(f.counts);
        CHECK(f.sums()["requests.add.ok"] == 2U * static_cast<unsigned>(process));
        CHECK(f.sums()["starts"] == static_cast<unsigned>(process));
    }
    struct stat status {};
    REQUIRE(::stat(f.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600U);
}

TEST_CASE("two processes may count at once") {
    fixture f;
    counters_file one, other;
    counters more;
    REQUIRE_FALSE(one.open(f.path, own_name()));
    REQUIRE_FALSE(other.open(f.path, own_name()));
    f.counts.add(counter::add_ok, 5);
    more.add(counter::add_ok, 7);
    one.save(f.counts);
    other.save(more);
    CHECK(f.sums()["requests.add.ok"] == 12);
}

TEST_CASE("counters wait for nobody") {
    fixture f;
    counters_file file;
    REQUIRE_FALSE(file.open(f.path, own_name()));
    const int reader = ::open(f.path.c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(::flock(reader, LOCK_SH) == 0);
    f.counts.add(counter::add_ok);
    file.save(f.counts);
    CHECK(f.counts.has_any());
    CHECK(content(f.path).empty());
    ::close(reader);
    file.save(f.counts);
    CHECK(f.sums()["requests.add.ok"] == 1);
}

TEST_CASE("what is not a counter is overlooked, what another version counts is kept") {
    fixture f;
    std::ofstream(f.path)
        << "requests.add.ok 41\nof_tomorrow 7\n\nnonsense\n x\nstarts -1\nstarts 1x\n"
           "sends 99999999999999999999\nhalf";
    counters_file file;
    REQUIRE_FALSE(file.open(f.path, own_name()));
    f.counts.add(counter::add_ok);
    file.save(f.counts);
    CHECK(f.sums()["requests.add.ok"] == 42);
    CHECK(f.sums()["of_tomorrow"] == 7);
    CHECK(f.sums()["starts"] == 0);
    CHECK(content(f.path).find("half") == std::string::npos);
}

TEST_CASE("counters are not written through a link, nor to what is no file") {
    fixture f;
    counters_file file;
    REQUIRE(::symlink("/tmp/elsewhere", f.path.c_str()) == 0);
    CHECK(file.open(f.path, own_name()));
    CHECK(file.open(f.dir.file("no/such"), own_name()));
    const auto fifo = f.dir.file("fifo");
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(file.open(fifo, own_name()));
    f.counts.add(counter::add_ok);
    file.save(f.counts); // to none
    CHECK(f.counts.has_any());
}

TEST_CASE("each service has counters of its own") {
    CHECK(counters_file::path("/var/lib/postfix", "flush") == "/var/lib/postfix/flushd.counters");
    CHECK(counters_file::path("/var/lib/postfix", "flush2") ==
          "/var/lib/postfix/flushd-flush2.counters");
    CHECK(counters_file::path("/var/lib/postfix", "../x") == "/var/lib/postfix/flushd.counters");
}
