#include "catch.hpp"
#include "spool.hpp"

#include "flushd/core/selection.hpp"
#include "flushd/core/snapshot_mark.hpp"
#include "flushd/tool/queue/listed_sites.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace flushd;
using namespace flushd::tool;

namespace {

logfile_name name(std::string_view text) { return *logfile_name::from_name(text); }

std::vector<postfix_proto::queue_id> ids(std::initializer_list<const char*> texts) {
    std::vector<postfix_proto::queue_id> result;
    for (const char* text : texts)
        result.push_back(*postfix_proto::queue_id::parse(text));
    return result;
}

} // namespace

TEST_CASE("logfiles are read with each ID once, and keep their access times") {
    const spool queue;
    const postfix_proto::queue_layout layout("deferred", 1);
    spool::write("flush/customer_tld", "A1\nB2\nA1\n../x\nC3"); // the last line is cut short
    spool::make_older("flush/customer_tld", 5000);
    spool::write("flush/empty_tld", "");
    spool::write("flush/not.a.site", "A1\n");
    std::filesystem::create_directories("flush/a_directory");
    struct stat before {
    }, after{};
    ::stat("flush/customer_tld", &before);

    const auto sites = read_listed_sites(layout);
    REQUIRE(sites.size() == 2);
    CHECK(sites[0].file == name("customer_tld"));
    CHECK(sites[0].ids == ids({"A1", "B2", "C3"}));
    CHECK(sites[0].duplicates == 1);
    CHECK(sites[0].bad == 1);
    CHECK(sites[0].times.read == std::chrono::seconds(before.st_atim.tv_sec) +
                                     std::chrono::nanoseconds(before.st_atim.tv_nsec));
    CHECK(sites[1].ids.empty());
    ::stat("flush/customer_tld", &after);
    CHECK(after.st_atim.tv_sec == before.st_atim.tv_sec);

    CHECK(
        read_listed_sites(layout, std::set<logfile_name>{name("empty_tld"), name("none")}).size() ==
        1);
}

TEST_CASE("the marks of sends in progress are neither messages nor bad lines") {
    const spool queue;
    const postfix_proto::queue_layout layout("deferred", 1);
    spool::write("flush/customer_tld", "A1\n" + make_mark() + "\nB2\n" + make_mark() + "\n");
    spool::write("flush/other_tld", make_mark() + "\n");
    const auto sites = read_listed_sites(layout);
    REQUIRE(sites.size() == 2);
    CHECK(sites[0].ids == ids({"A1", "B2"}));
    CHECK_FALSE(sites[0].times.lists_nothing);
    CHECK(sites[1].ids.empty());
    CHECK(sites[1].times.lists_nothing);
    for (const auto& site : sites)
        CHECK(site.duplicates + site.bad == 0);
}

TEST_CASE("logfiles of a hashed flush queue are found, whether all are wanted or one") {
    const spool queue;
    const postfix_proto::queue_layout layout("flush", 2);
    for (const char* site : {"customer_tld", "x", "a_b_tld"}) {
        const auto path = layout.path("flush", site);
        REQUIRE_FALSE(postfix_proto::make_parent_directories(path));
        spool::write(path, "A1\n");
    }
    CHECK(read_listed_sites(layout).size() == 3);
    CHECK(read_listed_sites(layout, std::set<logfile_name>{name("x")}).size() == 1);
}

TEST_CASE("a selection is no site, but can be read by its name") {
    const spool queue;
    const postfix_proto::queue_layout layout("deferred", 1);
    const auto selection = flushd::selection_name(1, 2, 3);
    spool::write("flush/" + selection.name(), "A1\n");
    spool::write("flush/customer_tld", "B2\n");
    const auto sites = read_listed_sites(layout);
    REQUIRE(sites.size() == 1);
    CHECK(sites[0].ids == ids({"B2"}));
    const auto wanted = read_listed_sites(layout, std::set<logfile_name>{selection});
    REQUIRE(wanted.size() == 1);
    CHECK(wanted[0].ids == ids({"A1"}));
}

TEST_CASE("without a flush directory there is a reason") {
    const spool queue;
    const postfix_proto::queue_layout layout("deferred", 1);
    std::filesystem::remove("flush");
    CHECK_THROWS_AS(read_listed_sites(layout), tool_error);
}
