#ifdef POSTFIX_PROTO_HAVE_BerkeleyDB

#include "catch.hpp"

#include "berkeley_db_writer.hpp"
#include "recording_sink.hpp"
#include "tables/berkeley_db_table.hpp"
#include "temporary_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <optional>
#include <random>
#include <thread>

using namespace postfix_proto;

namespace {

const auto missing = lookup_result::not_found();

lookup_result found(std::string value) { return lookup_result::found(std::move(value)); }

bool has_failed(const lookup_result& result) {
    return result.outcome == lookup_result::status::failed;
}

DBTYPE db_type(const std::string& type) { return type == "btree" ? DB_BTREE : DB_HASH; }

std::vector<std::pair<std::string, std::string>> many_domains() {
    std::vector<std::pair<std::string, std::string>> entries;
    for (int i = 0; i < 2000; ++i)
        entries.emplace_back("host" + std::to_string(i) + ".example.com", std::to_string(i));
    return entries;
}

void set_modified(const std::string& path, std::time_t when) {
    const timespec times[2] = {{when, 0}, {when, 0}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

/// What postmap holds while it rewrites the file.
class exclusive_lock {
public:
    explicit exclusive_lock(const std::string& path) : fd_(::open(path.c_str(), O_RDWR)) {
        REQUIRE(fd_ >= 0);
        REQUIRE(::flock(fd_, LOCK_EX | LOCK_NB) == 0);
    }
    exclusive_lock(const exclusive_lock&) = delete;
    exclusive_lock& operator=(const exclusive_lock&) = delete;
    ~exclusive_lock() { ::close(fd_); }

private:
    int fd_;
};

} // namespace

TEST_CASE("a Berkeley DB table finds keys with and without the trailing NUL") {
    const auto type = GENERATE(as<std::string>{}, "hash", "btree");
    const auto nul = GENERATE(trailing_nul::yes, trailing_nul::no);
    CAPTURE(type, nul == trailing_nul::yes);
    const temporary_directory dir;
    write_berkeley_db(dir.file("t.db"), db_type(type),
                      {{"example.com", "OK"}, {"empty", ""}, {"UPPER", "kept"}}, nul);
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table(type + ":" + dir.file("t"), {}, log);
    CHECK(lines.lines().empty());
    CHECK(table->type() == type);
    CHECK(table->name() == dir.file("t"));
    CHECK(table->keys_are_fixed());
    CHECK(table->files() == std::vector{dir.file("t.db")});
    for (int round = 0; round < 2; ++round) { // undecided about the NUL, then decided
        CHECK(table->find("absent") == missing);
        CHECK(table->find("") == missing);
        CHECK(table->find("example.com") == found("OK"));
        CHECK(table->find("empty") == found(""));
        CHECK(table->find("UPPER") == found("kept"));
        CHECK(table->find("upper") == missing);
        CHECK(table->find("example.co") == missing);
        CHECK(table->find("example.comm") == missing);
    }
}

TEST_CASE("the first key that is found decides about the trailing NUL, as in stock") {
    const temporary_directory dir;
    using namespace std::string_literals;
    write_berkeley_db(dir.file("t.db"), DB_HASH, {{"with\0"s, "1\0"s}, {"without", "2"}},
                      trailing_nul::no);
    recorded_log lines;
    logger log(lines.sink());
    const auto open = [&] { return open_lookup_table("hash:" + dir.file("t"), {}, log); };
    const auto first = open();
    CHECK(first->find("with") == found("1"));
    CHECK(first->find("without") == missing);
    const auto second = open();
    CHECK(second->find("without") == found("2"));
    CHECK(second->find("with") == missing);
}

TEST_CASE("a large Berkeley DB table is found whole") {
    const auto type = GENERATE(as<std::string>{}, "hash", "btree");
    const temporary_directory dir;
    write_berkeley_db(dir.file("t.db"), db_type(type), many_domains());
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table(type + ":" + dir.file("t"), {}, log);
    for (const auto& [key, value] : many_domains())
        REQUIRE(table->find(key) == found(value));
    CHECK(table->find("host2000.example.com") == missing);
}

TEST_CASE("a Berkeley DB table needs no path once it is open") {
    const temporary_directory dir;
    write_berkeley_db(dir.file("t.db"), DB_HASH, many_domains());
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("hash:" + dir.file("t"), {}, log);
    REQUIRE(::unlink(dir.file("t.db").c_str()) == 0); // as invisible as behind a chroot
    for (const auto& [key, value] : many_domains())
        REQUIRE(table->find(key) == found(value));
}

TEST_CASE("a relative path to a Berkeley DB table is taken from the working directory") {
    const temporary_directory dir;
    write_berkeley_db(dir.file("t.db"), DB_HASH, {{"a", "b"}});
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(dir.path());
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("hash:t", {}, log);
    std::filesystem::current_path(before);
    CHECK(table->find("a") == found("b"));
}

TEST_CASE("opening a Berkeley DB table leaves no file, no descriptor and no child behind") {
    const temporary_directory dir;
    write_berkeley_db(dir.file("t.db"), DB_HASH, {{"a", "b"}});
    recorded_log lines;
    logger log(lines.sink());
    const auto count = [](const std::filesystem::path& path) {
        return std::distance(std::filesystem::directory_iterator(path), {});
    };
    const auto descriptors = count("/proc/self/fd");
    const auto table = open_lookup_table("hash:" + dir.file("t"), {}, log);
    CHECK(count(dir.path()) == 1);
    CHECK(count("/proc/self/fd") == descriptors);
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("a file that is not a database of that type is unavailable") {
    const temporary_directory dir;
    write_berkeley_db(dir.file("btree.db"), DB_BTREE, {{"a", "b"}});
    write_berkeley_db(dir.file("hash.db"), DB_HASH, {{"a", "b"}});
    std::filesystem::create_directory(dir.file("directory.db"));
    REQUIRE(::mkfifo(dir.file("fifo.db").c_str(), 0600) == 0);
    dir.write("empty.db", "");
    dir.write("short.db", "x");
    dir.write("text.db", std::string(20000, 'x'));
    dir.write("zeros.db", std::string(20000, '\0'));

    struct row {
        std::string type, name, why;
    };
    const row rows[] = {
        {"hash", "absent", "No such file or directory"},
        {"hash", "hash.db", "No such file or directory"},
        {"hash", "btree", "not of type hash"},
        {"btree", "hash", "not of type btree"},
        {"hash", "directory", "Is a directory"},
        {"btree", "fifo", "not a regular file"},
        {"hash", "empty", ""},
        {"btree", "empty", ""},
        {"hash", "short", ""},
        {"hash", "text", ""},
        {"btree", "text", ""},
        {"hash", "zeros", ""},
    };
    for (const auto& [type, name, why] : rows) {
        CAPTURE(type, name);
        recorded_log lines;
        logger log(lines.sink());
        const auto table = open_lookup_table(type + ":" + dir.file(name), {}, log);
        REQUIRE(lines.lines().size() == 1);
        const std::string error = "error: open database " + dir.file(name) + ".db: ";
        CHECK(lines.lines()[0].substr(0, error.size()) == error);
        CHECK(lines.lines()[0].size() > error.size());
        if (!why.empty())
            CHECK(lines.lines()[0] == error + why);
        CHECK(has_failed(table->find("a")));
        CHECK_FALSE(table->keys_are_fixed());
        CHECK(table->files() == std::vector{dir.file(name) + ".db"});
    }
}

TEST_CASE("a database that one may not read is unavailable") {
    const temporary_directory dir;
    write_berkeley_db(dir.file("t.db"), DB_HASH, {{"a", "b"}});
    REQUIRE(::chmod(dir.file("t.db").c_str(), 0) == 0);
    recorded_log lines;
    logger log(lines.sink());
    const bool is_root = ::geteuid() == 0; // for whom no file is unreadable
    if (is_root)
        REQUIRE(::seteuid(65534) == 0);
    const auto table = open_lookup_table("hash:" + dir.file("t"), {}, log);
    if (is_root)
        REQUIRE(::seteuid(0) == 0);
    CHECK(lines.lines() == std::vector<std::string>{"error: open database " + dir.file("t.db") +
                                                    ": Permission denied"});
    CHECK(has_failed(table->find("a")));
}

TEST_CASE("a database cut short is unavailable or whole, at any length") {
    const auto type = GENERATE(as<std::string>{}, "hash", "btree");
    const temporary_directory dir;
    write_berkeley_db(dir.file("whole.db"), db_type(type), many_domains());
    const auto size = std::filesystem::file_size(dir.file("whole.db"));
    std::size_t failures = 0;
    for (std::size_t length = 0; length < size; length += 6131) {
        CAPTURE(length);
        std::filesystem::copy_file(dir.file("whole.db"), dir.file("t.db"),
                                   std::filesystem::copy_options::overwrite_existing);
        std::filesystem::resize_file(dir.file("t.db"), length);
        recorded_log lines;
        logger log(lines.sink());
        const auto table = open_lookup_table(type + ":" + dir.file("t"), {}, log);
        const bool is_unavailable = !lines.lines().empty();
        failures += is_unavailable ? 1 : 0;
        for (const auto& [key, value] : many_domains()) {
            const auto result = table->find(key);
            REQUIRE((is_unavailable ? has_failed(result) : result == found(value)));
        }
    }
    CHECK(failures > 0);
}

TEST_CASE("a damaged database is unavailable or says what it still holds, and crashes nothing") {
    const auto type = GENERATE(as<std::string>{}, "hash", "btree");
    const temporary_directory dir;
    write_berkeley_db(dir.file("whole.db"), db_type(type), many_domains());
    const auto size = std::filesystem::file_size(dir.file("whole.db"));
    std::minstd_rand random(1);
    for (int round = 0; round < 20; ++round) {
        CAPTURE(round);
        std::filesystem::copy_file(dir.file("whole.db"), dir.file("t.db"),
                                   std::filesystem::copy_options::overwrite_existing);
        std::fstream file(dir.file("t.db"), std::ios::in | std::ios::out | std::ios::binary);
        for (int i = 0; i < 200; ++i) {
            file.seekp(static_cast<std::streamoff>(512 + random() % (size - 512)));
            file.put(static_cast<char>(random()));
        }
        file.close();
        recorded_log lines;
        logger log(lines.sink());
        open_options options;
        options.patience = std::chrono::milliseconds(0);
        const auto table = open_lookup_table(type + ":" + dir.file("t"), options, log);
        const auto outcome = table->find("host7.example.com").outcome;
        CHECK((outcome == lookup_result::status::failed) == !lines.lines().empty());
    }
}

TEST_CASE("a Berkeley DB table answers as the file was when it was opened") {
    const auto type = GENERATE(as<std::string>{}, "hash", "btree");
    const temporary_directory dir;
    write_berkeley_db(dir.file("t.db"), db_type(type), many_domains());
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table(type + ":" + dir.file("t"), {}, log);
    SECTION("when it is cut short in place, as postmap does first") {
        std::filesystem::resize_file(dir.file("t.db"), 0);
    }
    SECTION("when it is written anew") {
        write_berkeley_db(dir.file("t.db"), db_type(type), {{"other", "x"}});
    }
    const exclusive_lock lock(dir.file("t.db")); // opening has let go, and lookups do not wait
    for (const auto& [key, value] : many_domains())
        REQUIRE(table->find(key) == found(value));
    CHECK(table->find("other") == missing);
}

TEST_CASE("opening a database waits for whoever is writing it") {
    const temporary_directory dir;
    write_berkeley_db(dir.file("t.db"), DB_HASH, {{"a", "b"}});
    recorded_log lines;
    logger log(lines.sink());
    std::optional<exclusive_lock> lock(std::in_place, dir.file("t.db"));
    std::thread writer([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        lock.reset();
    });
    const auto table = open_lookup_table("hash:" + dir.file("t"), {}, log);
    writer.join();
    CHECK(table->find("a") == found("b"));
}

TEST_CASE("a database that is locked for longer than one's patience is unavailable") {
    const temporary_directory dir;
    write_berkeley_db(dir.file("t.db"), DB_HASH, {{"a", "b"}});
    recorded_log lines;
    logger log(lines.sink());
    open_options options;
    options.patience = std::chrono::milliseconds(30);
    const exclusive_lock lock(dir.file("t.db"));
    const auto table = open_lookup_table("hash:" + dir.file("t"), options, log);
    CHECK(lines.lines() == std::vector<std::string>{"error: open database " + dir.file("t.db") +
                                                    ": database is locked"});
    CHECK(table->files() == std::vector{dir.file("t.db")});
}

TEST_CASE("a source file that is newer than its database is worth a warning, once it has settled") {
    const temporary_directory dir;
    write_berkeley_db(dir.file("t.db"), DB_HASH, {{"a", "b"}});
    const std::string source = dir.write("t", "a b\n");
    const std::time_t now = std::time(nullptr);
    const std::string warning =
        "warning: database " + dir.file("t.db") + " is older than source file " + source;
    struct row {
        std::string name;
        std::time_t database, source;
        bool warns;
    };
    const row rows[] = {
        {"newer, settled", now - 1000, now - 500, true},
        {"same time", now - 500, now - 500, false},
        {"older", now - 500, now - 1000, false},
        {"newer, but only just edited", now - 1000, now - 50, false},
    };
    for (const auto& row : rows) {
        CAPTURE(row.name);
        set_modified(dir.file("t.db"), row.database);
        set_modified(source, row.source);
        recorded_log lines;
        logger log(lines.sink());
        const auto table = open_lookup_table("hash:" + dir.file("t"), {}, log);
        CHECK(table->find("a") == found("b"));
        CHECK(lines.lines() == (row.warns ? std::vector{warning} : std::vector<std::string>{}));
    }
}

#endif
