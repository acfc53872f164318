#include "catch.hpp"
#include "temporary_directory.hpp"

#include "flushd/core/send_history.hpp"

#include "postfix_proto/file_io.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

using namespace flushd;

namespace {

std::string own_name() { return ::geteuid() == 0 ? "root" : ""; }

struct fixture {
    temporary_directory directory;
    std::string path = directory.file("flushd.history");

    std::string content() const { return *postfix_proto::read_whole_file(path, 10'000'000); }
    std::vector<send_record> records() const { return parse_send_history(content()); }
    std::vector<std::string> sites() const {
        std::vector<std::string> result;
        for (const auto& record : records())
            result.push_back(record.site);
        return result;
    }
    void overwrite(std::size_t offset, const std::string& bytes) const {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(offset));
        file << bytes;
    }
};

send_record of(const std::string& site) {
    send_record result;
    result.asked = 1'764'233'333;
    result.site = site;
    return result;
}

send_record full_record() {
    auto result = of("customer.tld");
    result.number = 42;
    result.user = 107;
    result.moved = 300;
    result.missing = 1;
    result.held = 2;
    result.duplicate = 3;
    result.failed = 4;
    result.left = 5;
    result.delivered = 200;
    result.bounced = 50;
    result.gone = 6;
    result.deferred = 30;
    result.in_delivery = 14;
    result.took = std::chrono::milliseconds(12'345);
    result.reason = "connect to mx[1.2.3.4]:25: Connection refused";
    return result;
}

} // namespace

TEST_CASE("send record: its line says all of it") {
    const auto line = format_send_record(full_record());
    CHECK(line.size() == send_record_size);
    CHECK(line.rfind("42 time=1764233333 user=107 moved=300 missing=1 held=2 duplicate=3 failed=4 "
                     "left=5 delivered=200 bounced=50 gone=6 deferred=30 in_delivery=14 "
                     "milliseconds=12345 site=customer.tld "
                     "reason=connect to mx[1.2.3.4]:25: Connection refused ",
                     0) == 0);
    CHECK(line.substr(send_record_size - 4) == " 42\n");
    const auto parsed = parse_send_record(line);
    REQUIRE(parsed);
    CHECK(format_send_record(*parsed) == line);
    CHECK(parsed->user == 107U);
    CHECK(parsed->took == std::chrono::milliseconds(12'345));
    CHECK(parsed->reason == full_record().reason);
}

TEST_CASE("send record: what is not known is left out") {
    auto record = of("a.tld");
    record.number = 1;
    record.is_resumed = true;
    const auto parsed = parse_send_record(format_send_record(record));
    REQUIRE(parsed);
    CHECK_FALSE(parsed->user);
    CHECK(parsed->is_resumed);
    CHECK(parsed->moved == 0);
    CHECK(parsed->reason.empty());
}

TEST_CASE("send record: a site and a reason of any kind fit into the line") {
    auto record = full_record();
    for (const std::string& site :
         {std::string(3000, 'x'), std::string("a b\nc\0d", 7), std::string("\xff\x80")}) {
        for (const std::string& reason : {std::string(), std::string(3000, 'y'),
                                          std::string("two\nlines\t"), std::string("site=x 42")}) {
            record.site = site;
            record.reason = reason;
            const auto line = format_send_record(record);
            REQUIRE(line.size() == send_record_size);
            const auto parsed = parse_send_record(line);
            REQUIRE(parsed);
            CHECK(parsed->site.find(' ') == std::string::npos);
            CHECK(parsed->deferred == 30);
        }
    }
    CHECK(parse_send_record(format_send_record(record))->reason == "site=x 42");
}

TEST_CASE("send record: the highest numbers leave room for the site") {
    send_record record = of("customer.tld");
    record.number = 1'000'000'000'000'000;
    for (auto* value : {&record.moved, &record.missing, &record.held, &record.duplicate,
                        &record.failed, &record.left, &record.delivered, &record.bounced,
                        &record.gone, &record.deferred, &record.in_delivery})
        *value = ~std::uint64_t(0);
    record.user = ~uid_t(0) - 1;
    record.took = std::chrono::milliseconds::max();
    record.reason = "why";
    const auto line = format_send_record(record);
    REQUIRE(line.size() == send_record_size);
    const auto parsed = parse_send_record(line);
    REQUIRE(parsed);
    CHECK(parsed->site == "customer.tld");
    CHECK(parsed->in_delivery == ~std::uint64_t(0));
}

TEST_CASE("send record: a reason is not cut within a character") {
    auto record = full_record();
    for (int before = 0; before < 2; ++before) {
        record.reason = std::string(static_cast<std::size_t>(before), 'x');
        for (int i = 0; i < 300; ++i)
            record.reason += "\xc3\xa4";
        const auto parsed = parse_send_record(format_send_record(record));
        REQUIRE(parsed);
        CHECK(parsed->reason.find('?') == std::string::npos);
    }
}

TEST_CASE("send record: names of another version are skipped") {
    auto line = format_send_record(full_record());
    line.replace(line.find("missing=1"), 9, "further=x");
    const auto parsed = parse_send_record(line);
    REQUIRE(parsed);
    CHECK(parsed->missing == 0);
    CHECK(parsed->held == 2);
}

TEST_CASE("send record: what is not one is refused") {
    const auto line = format_send_record(full_record());
    CHECK(parse_send_record(line));
    const auto with = [&](const std::string& old, const std::string& changed) {
        auto text = line;
        return text.replace(text.find(old), old.size(), changed);
    };
    CHECK_FALSE(parse_send_record(""));
    CHECK_FALSE(parse_send_record("\n"));
    CHECK_FALSE(parse_send_record(std::string(send_record_size, '\0')));
    CHECK_FALSE(parse_send_record(std::string(send_record_size, ' ')));
    CHECK_FALSE(parse_send_record(std::string(send_record_size - 1, ' ') + '\n'));
    CHECK_FALSE(parse_send_record(line.substr(1)));
    CHECK_FALSE(parse_send_record(line + ' '));
    CHECK_FALSE(parse_send_record(with("42 ", "43 "))); // torn
    CHECK_FALSE(parse_send_record(with("\n", " ")));
    CHECK_FALSE(parse_send_record(with("moved=300", "moved=3x0")));
    CHECK_FALSE(parse_send_record(with("moved=300", "moved=-30")));
    CHECK_FALSE(parse_send_record(with("moved=300", "moved 300")));
    CHECK_FALSE(parse_send_record(with("user=107", "user=abc")));
    CHECK_FALSE(parse_send_record(with("time=1", "tome=1")));
    CHECK_FALSE(parse_send_record(with("site=", "sate=")));
    CHECK_FALSE(parse_send_record(with("Connection", "Conn\033[1mn")));
    CHECK_FALSE(parse_send_record(with("Connection", "Conn\xff ctio")));
    auto zero = full_record();
    zero.number = 0;
    CHECK_FALSE(parse_send_record(format_send_record(zero)));
    zero.number = ~std::uint64_t(0);
    CHECK_FALSE(parse_send_record(format_send_record(zero)));
}

TEST_CASE("send history: records are in their order, also those of the next process") {
    fixture f;
    for (const char* process : {"a", "b", "c"}) {
        send_history history;
        REQUIRE_FALSE(history.open(f.path, own_name()));
        history.add(of(process + std::string("1.tld")));
        history.add(of(process + std::string("2.tld")));
    }
    CHECK(f.sites() ==
          std::vector<std::string>{"a1.tld", "a2.tld", "b1.tld", "b2.tld", "c1.tld", "c2.tld"});
    struct stat status {};
    REQUIRE(::stat(f.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600U);
}

TEST_CASE("send history: two processes may write at once") {
    fixture f;
    send_history old_one, new_one;
    REQUIRE_FALSE(old_one.open(f.path, own_name()));
    REQUIRE_FALSE(new_one.open(f.path, own_name()));
    for (int i = 0; i < 3; ++i) {
        old_one.add(of("old.tld"));
        new_one.add(of("new.tld"));
        new_one.add(of("new.tld"));
    }
    const auto records = f.records();
    REQUIRE(records.size() == 9);
    for (std::size_t i = 0; i < records.size(); ++i) {
        CHECK(records[i].number == i + 1);
        CHECK(records[i].site == (i % 3 == 0 ? "old.tld" : "new.tld"));
    }
}

TEST_CASE("send history: the oldest records make room, and the file does not grow") {
    fixture f;
    constexpr auto most = send_history::most_records;
    {
        send_history history;
        REQUIRE_FALSE(history.open(f.path, own_name()));
        for (std::size_t i = 1; i <= most + 250; ++i)
            history.add(of("site" + std::to_string(i)));
    }
    send_history next;
    REQUIRE_FALSE(next.open(f.path, own_name()));
    next.add(of("next"));
    CHECK(f.content().size() == send_history::longest_file);
    const auto records = f.records();
    REQUIRE(records.size() == most);
    CHECK(records.front().number == 252);
    CHECK(records.front().site == "site252");
    CHECK(records.back().number == most + 251);
    CHECK(records.back().site == "next");
}

TEST_CASE("send history: a process that has not written for a whole ring takes the next number") {
    fixture f;
    send_history idle, busy;
    REQUIRE_FALSE(idle.open(f.path, own_name()));
    REQUIRE_FALSE(busy.open(f.path, own_name()));
    idle.add(of("first"));
    for (std::size_t i = 0; i < 2 * send_history::most_records + 7; ++i)
        busy.add(of("busy"));
    idle.add(of("last"));
    CHECK(f.sites().back() == "last");
    CHECK(f.records().size() == send_history::most_records);
}

TEST_CASE("send history: damaged records are skipped, and overwritten in their turn") {
    fixture f;
    send_history history;
    REQUIRE_FALSE(history.open(f.path, own_name()));
    for (int i = 1; i <= 5; ++i)
        history.add(of("site" + std::to_string(i)));
    f.overwrite(2 * send_record_size + 100, "\n");                            // 2
    f.overwrite(4 * send_record_size, std::string(send_record_size, '\377')); // 4
    f.overwrite(6 * send_record_size, "6 time=1 site=torn");                  // to be
    CHECK(f.sites() == std::vector<std::string>{"site1", "site3", "site5"});
    history.add(of("site6"));
    send_history next;
    REQUIRE_FALSE(next.open(f.path, own_name()));
    next.add(of("site7"));
    CHECK(f.sites() == std::vector<std::string>{"site1", "site3", "site5", "site6", "site7"});
}

TEST_CASE("send history: a file of something else is no history, and becomes one") {
    fixture f;
    std::ofstream(f.path) << std::string(3 * send_record_size + 17, 'x');
    CHECK(f.records().empty());
    send_history history;
    REQUIRE_FALSE(history.open(f.path, own_name()));
    history.add(of("a.tld"));
    CHECK(f.sites() == std::vector<std::string>{"a.tld"});
}

TEST_CASE("send history: it waits for nobody, and loses nothing for that") {
    fixture f;
    send_history history;
    REQUIRE_FALSE(history.open(f.path, own_name()));
    const int other = ::open(f.path.c_str(), O_RDWR | O_CLOEXEC);
    struct flock whole {};
    whole.l_type = F_WRLCK;
    REQUIRE(::fcntl(other, F_OFD_SETLK, &whole) == 0);
    for (int i = 1; i <= 150; ++i)
        history.add(of("site" + std::to_string(i)));
    history.save();
    CHECK(f.content().empty());
    ::close(other);
    history.save();
    // The last hundred.
    const auto sites = f.sites();
    REQUIRE(sites.size() == 100);
    CHECK(sites.front() == "site51");
    CHECK(sites.back() == "site150");
}

TEST_CASE("send history: without the file nothing is remembered") {
    fixture f;
    send_history history;
    history.add(of("a.tld"));
    CHECK(history.open("/no/such/directory/file", own_name()));
    REQUIRE(::symlink("/tmp/elsewhere", f.path.c_str()) == 0);
    CHECK(history.open(f.path, own_name()));
    history.add(of("a.tld"));
    history.save();
}

TEST_CASE("send history: each service has one of its own") {
    CHECK(send_history::path("/var/lib/postfix", "flush") == "/var/lib/postfix/flushd.history");
    CHECK(send_history::path("/var/lib/postfix", "flush2") ==
          "/var/lib/postfix/flushd-flush2.history");
}
