#include "catch.hpp"
#include "spool.hpp"

#include "flushd/core/snapshot_mark.hpp"
#include "flushd/daemon/logfile.hpp"
#include "flushd/tool/queue/listed_sites.hpp"
#include "flushd/tool/queue/queue_files.hpp"
#include "flushd/tool/queue/site_names.hpp"
#include "flushd/tool/queue/site_summary.hpp"
#include "flushd/tool/screen/tool_error.hpp"
#include "flushd/tool/send/message_watch.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <utility>

using namespace flushd;
using namespace flushd::tool;
using namespace std::string_literals;

namespace {

std::string record(char type, const std::string& text) {
    std::string length;
    auto rest = text.size();
    do {
        length += static_cast<char>((rest & 0x7fU) | (rest > 0x7fU ? 0x80U : 0));
        rest >>= 7U;
    } while (rest > 0);
    return type + length + text;
}

std::string queue_file(long size, long arrival) {
    return record('C', fmt::format("{:15} {:15} {:15} {:15} {:15}", size, 600, 1, 0, 0)) +
           record('T', fmt::format("{} 123456", arrival)) + record('A', "log_ident=A1") +
           record('S', "someone@sender.tld") + record('R', "user@customer.tld") + record('M', "");
}

logfile_name name(std::string_view text) { return *logfile_name::from_name(text); }

void set_due(const std::string& path, std::time_t when) {
    const timespec times[2] = {{when, 0}, {when, 0}};
    ::utimensat(AT_FDCWD, path.c_str(), times, 0);
}

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

TEST_CASE("the head of a queue file has size and time of arrival") {
    const auto whole = queue_file(4711, 1700000000);
    const auto head = parse_queue_file_head(whole);
    REQUIRE(head);
    CHECK(head->size == 4711);
    CHECK(head->arrival_time == 1700000000);
    const auto long_record = record('C', "     12 " + std::string(200, ' ')) + record('T', "5 6");
    REQUIRE(parse_queue_file_head(long_record));
    CHECK(parse_queue_file_head(long_record)->arrival_time == 5);
    CHECK_FALSE(parse_queue_file_head(""));
    CHECK_FALSE(parse_queue_file_head("a message\n"));
    CHECK_FALSE(parse_queue_file_head(record('C', "12") + record('M', "") + record('T', "5 6")));
    CHECK_FALSE(parse_queue_file_head(record('C', "x") + record('T', "5 6")));
    CHECK_FALSE(parse_queue_file_head("C\xff\xff\xff\xff\xff"));
    for (std::size_t i = 0; i < whole.size(); ++i) // cut anywhere, it is read or it is not
        static_cast<void>(parse_queue_file_head(whole.substr(0, i)));
}

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
    CHECK(sites[0].ids == std::vector<std::string_view>{"A1", "B2", "C3"});
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
    CHECK(sites[0].ids == std::vector<std::string_view>{"A1", "B2"});
    CHECK_FALSE(sites[0].times.lists_nothing);
    CHECK(sites[1].ids.empty());
    CHECK(sites[1].times.lists_nothing);
    for (const auto& site : sites)
        CHECK(site.duplicates + site.bad == 0);
}

namespace {

logfile_times times_of(int born, int read, int written, int noted = 0) {
    using std::chrono::seconds;
    logfile_times result;
    result.read = seconds(read);
    result.written = seconds(written);
    if (born > 0)
        result.born = seconds(born);
    if (noted > 0)
        result.noted = seconds(noted);
    return result;
}

logfile_times lists_nothing(logfile_times times) {
    times.lists_nothing = true;
    return times;
}

/// "at 5", "none since 5", or "" for never.
std::string told(const logfile_times& times, int since = 0) {
    std::optional<logfile_times::time> only_flushd_since;
    if (since > 0)
        only_flushd_since = std::chrono::seconds(since);
    const auto sent = find_last_send(times, only_flushd_since);
    CHECK_FALSE((sent.at && sent.none_since));
    return sent.at           ? "at " + std::to_string(*sent.at)
           : sent.none_since ? "none since " + std::to_string(*sent.none_since)
                             : "";
}

} // namespace

TEST_CASE("a last send is told only where it is certain") {
    // made, read, written last, noted; then since when it can only have been flushd
    CHECK(told(lists_nothing(times_of(10, 20, 20))).starts_with("at 20"));
    CHECK(told(lists_nothing(times_of(10, 90, 20))) == "at 20"); // somebody has read it
    CHECK(told(lists_nothing(times_of(0, 90, 20))) == "at 20");
    CHECK(told(lists_nothing(times_of(10, 50, 50, 30)), 5) == "at 50"); // sent by stock since
    CHECK(told(lists_nothing(times_of(10, 10, 12))).empty());

    CHECK(told(times_of(10, 10, 40)).empty());
    CHECK(told(times_of(10, 30, 40, 30)) == "at 30");
    CHECK(told(times_of(10, 29, 40, 30)) == "at 30"); // whole seconds
    CHECK(told(times_of(10, 35, 40, 30), 5) == "at 30");
    CHECK(told(times_of(10, 35, 40, 30), 30) == "none since 35");
    CHECK(told(times_of(10, 35, 40, 30)) == "none since 35"); // stock may be there
    CHECK(told(times_of(10, 35, 40), 5) == "none since 35");  // before flushd, or copied
    CHECK(told(times_of(0, 35, 40)) == "none since 35");
}

TEST_CASE("reading a logfile does not change when it was sent last") {
    const spool queue;
    const postfix_proto::queue_layout layout("deferred", 1);
    spool::write("flush/customer_tld", "A1\n");
    {
        auto opened = logfile::open("flush/customer_tld", logfile::missing::is_error);
        auto& file = std::get<logfile>(opened);
        REQUIRE_FALSE(file.try_lock());
        file.mark_sent();
    }
    const auto sent = read_listed_sites(layout).front().times.noted;
    if (!sent) {
        WARN("no extended attributes here");
        return;
    }
    const timespec later[2] = {{std::time(nullptr) + 60, 0}, {0, UTIME_OMIT}};
    REQUIRE(::utimensat(AT_FDCWD, "flush/customer_tld", later, 0) == 0);
    const auto times = read_listed_sites(layout).front().times;
    CHECK(is_in_doubt(times));
    CHECK(find_last_send(times, std::chrono::seconds(1)).at ==
          std::chrono::duration_cast<std::chrono::seconds>(*sent).count());
    CHECK_FALSE(find_last_send(times, std::nullopt).at);
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

TEST_CASE("logfiles of a hashed flush queue are found, whether all are wanted or one") {
    const spool queue;
    const postfix_proto::queue_layout layout("flush", 2);
    for (const char* site : {"customer_tld", "x", "a_b_tld"}) {
        const auto path = layout.path("flush", site);
        REQUIRE(postfix_proto::make_parent_directories(path));
        spool::write(path, "A1\n");
    }
    CHECK(read_listed_sites(layout).size() == 3);
    CHECK(read_listed_sites(layout, std::set<logfile_name>{name("x")}).size() == 1);
}

TEST_CASE("without a flush directory there is a reason") {
    const spool queue;
    const postfix_proto::queue_layout layout("deferred", 1);
    std::filesystem::remove("flush");
    CHECK_THROWS_AS(read_listed_sites(layout), tool_error);
}

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

TEST_CASE("a logfile goes by the sites that are listed there") {
    site_names names;
    names.add_domain_list("$mydestination, A-B.tld !no.tld /etc/file hash:/etc/table .sub.tld, "
                          "inline:{ { x.tld = y, z } } [192.0.2.1] [IPv6:2001:db8::1]");
    CHECK(names.display(name("a_b_tld")) == "a-b.tld");
    CHECK(names.display(name("sub_tld")) == "sub.tld");
    CHECK(names.display(name("no_tld")) == "no_tld");
    CHECK(names.of(name("x_tld")).empty());
    CHECK(names.display(name("_192_0_2_1_")) == "[192.0.2.1]");
    CHECK(names.display(name("_ipv6_2001_db8__1_")) == "[ipv6:2001:db8::1]");
    names.add("a.b.TLD");
    names.add("a_b_tld"); // a logfile's name
    CHECK(names.display(name("a_b_tld")) == "a-b.tld, a.b.tld");
    CHECK(names.logfile_of("customer_tld") == name("customer_tld"));
    CHECK_FALSE(names.logfile_of("bad..tld"));
    CHECK_FALSE(names.logfile_of(""));
}

TEST_CASE("the domain of a recipient is what follows the last @") {
    CHECK(domain_of("user@customer.tld") == "customer.tld");
    CHECK(domain_of("\"a@b\"@customer.tld") == "customer.tld");
    CHECK(domain_of("user@") == "");
    CHECK(domain_of("user") == "");
}

TEST_CASE("messages are followed until they have left or are deferred again") {
    const spool queue;
    const postfix_proto::queue_layout layout("", 1);
    const queue_files files(layout);
    constexpr std::time_t now = 10000;
    for (const char* id : {"A1", "B2", "C3", "D4"}) {
        spool::write("deferred/"s + id, queue_file(1, 1));
        set_due("deferred/"s + id, 20000);
    }
    message_watch watch(files);
    for (const char* id : {"A1", "B2", "C3", "D4", "NONE"})
        watch.add(id);
    watch.look(now);
    CHECK(watch.result().all() == 4);
    CHECK(watch.result().waiting == 4);

    set_due_later("deferred/A1", now); // the service is about to move it
    std::filesystem::rename("deferred/B2", "active/B2");
    set_due_later("deferred/C3", 30000); // moved, tried and deferred again since the last look
    set_due_later("deferred/D4", 20000); // the same, within the second in which it was deferred
    watch.look(now);
    CHECK(watch.result().waiting == 1);
    CHECK(watch.result().moving == 1);
    CHECK(watch.result().deferred == 2);
    CHECK(watch.deferred_again() == "D4");

    std::filesystem::rename("deferred/A1", "incoming/A1");
    std::filesystem::rename("active/B2", "deferred/B2");
    watch.look(now);
    CHECK(watch.result().moving == 1);
    CHECK(watch.result().deferred == 3);
    std::filesystem::remove("incoming/A1");
    watch.look(now);
    CHECK(watch.result().left == 1);
    CHECK(watch.result().is_done());
    CHECK(watch.result().all() == 4);
}
