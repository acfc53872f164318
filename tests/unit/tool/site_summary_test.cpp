#include "catch.hpp"
#include "queue_file.hpp"
#include "spool.hpp"

#include "flushd/tool/queue/site_summary.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using namespace flushd;
using namespace flushd::tool;

namespace {

logfile_name name(std::string_view text) { return *logfile_name::from_name(text); }

} // namespace

TEST_CASE("a site's summary counts what is still deferred") {
    const spool queue;
    const postfix_proto::queue_layout layout("deferred", 1);
    const queue_files files(layout);
    for (const char* directory : {"deferred/A", "deferred/B", "deferred/D"})
        std::filesystem::create_directory(directory);
    spool::write("deferred/A/A1", queue_file(100, 2000));
    spool::write("deferred/B/B2", queue_file(50, 1000));
    spool::write("deferred/D/D4", "not a queue file");
    set_due("deferred/D/D4", 3000);
    spool::write("flush/customer_tld", "A1\nB2\nC3\nA1\nD4\n");
    const auto summary = summarise(read_listed_sites(layout).front(), files);
    CHECK(summary.listed == 4);
    CHECK(summary.deferred == 3);
    CHECK(summary.duplicates == 1);
    CHECK(summary.size == 166);
    CHECK(summary.oldest == 1000);
}

TEST_CASE("the last send of all is known when no later one is possible") {
    std::vector<site_summary> sites(3, site_summary(name("a")));
    sites[0].sent.at = 50;
    CHECK(total_of(sites).sent.at == 50);
    sites[1].sent.none_since = 40;
    CHECK(total_of(sites).sent.at == 50);
    CHECK_FALSE(total_of(sites).sent.none_since);
    sites[2].sent.none_since = 60;
    CHECK_FALSE(total_of(sites).sent.at);
    CHECK(total_of(sites).sent.none_since == 60);
}

TEST_CASE("sites are sorted by what is asked for, and filtered by age") {
    std::vector<site_summary> sites;
    for (const char* text : {"c", "a", "b", "d"})
        sites.emplace_back(name(text));
    sites[0].deferred = 5;
    sites[1].deferred = 7;
    sites[0].oldest = 100;
    sites[1].oldest = 300;
    sites[2].oldest = 200;
    const auto order = [&](sort_key key) {
        sort_sites(sites, key);
        std::string result;
        for (const auto& site : sites)
            result += site.file.name();
        return result;
    };
    CHECK(order(sort_key::site) == "abcd");
    CHECK(order(sort_key::deferred) == "acbd");
    CHECK(order(sort_key::oldest) == "cbad");
    CHECK(total_of(sites).deferred == 12);
    CHECK(total_of(sites).oldest == 100);
    keep_older(sites, std::chrono::seconds(100), 301);
    CHECK(order(sort_key::oldest) == "cb");
}
