#include "catch.hpp"

#include "recording_sink.hpp"
#include "tables/lmdb_table.hpp"
#include "temporary_directory.hpp"

#ifdef POSTFIX_PROTO_HAVE_LMDB

#include <fcntl.h>
#include <lmdb.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

using namespace postfix_proto;

namespace {

using entries = std::vector<std::pair<std::string, std::string>>;

/// Makes the file that postmap(1) makes; with `nul` the strings have theirs.
void write_lmdb(const std::string& path, const entries& all, bool nul) {
    const auto check = [](int error) {
        if (error != 0)
            throw std::runtime_error(mdb_strerror(error));
    };
    MDB_env* env = nullptr;
    MDB_txn* txn = nullptr;
    MDB_dbi dbi = 0;
    check(mdb_env_create(&env));
    check(mdb_env_set_mapsize(env, 1U << 24U));
    check(mdb_env_open(env, path.c_str(), MDB_NOSUBDIR | MDB_NOLOCK, 0644));
    check(mdb_txn_begin(env, nullptr, 0, &txn));
    check(mdb_dbi_open(txn, nullptr, 0, &dbi));
    for (auto [key, value] : all) {
        const std::size_t extra = nul ? 1 : 0;
        MDB_val db_key{key.size() + extra, key.data()};
        MDB_val db_value{value.size() + extra, value.data()};
        check(mdb_put(txn, dbi, &db_key, &db_value, 0));
    }
    check(mdb_txn_commit(txn));
    mdb_env_close(env);
}

entries many_domains() {
    entries all;
    for (int i = 0; i < 2000; ++i)
        all.emplace_back("host" + std::to_string(i) + ".example.com", std::to_string(i));
    return all;
}

} // namespace

TEST_CASE("an lmdb table is found whole, with and without the trailing NUL") {
    const bool nul = GENERATE(true, false);
    const temporary_directory dir;
    write_lmdb(dir.file("t.lmdb"), many_domains(), nul);
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("lmdb:" + dir.file("t"), {}, log);
    CHECK(lines.lines().empty());
    CHECK(table->keys_are_fixed());
    CHECK(table->files() == std::vector{dir.file("t.lmdb")});
    REQUIRE(::unlink(dir.file("t.lmdb").c_str()) == 0); // from memory
    for (const auto& [key, value] : many_domains())
        REQUIRE(table->find(key) == lookup_result::found(value));
    CHECK(table->find("host2000.example.com") == lookup_result::not_found());
}

TEST_CASE("a file that is no lmdb database is unavailable") {
    const temporary_directory dir;
    dir.write("empty.lmdb", "");
    dir.write("text.lmdb", std::string(20000, 'x'));
    dir.write("zeros.lmdb", std::string(20000, '\0'));
    std::filesystem::create_directory(dir.file("directory.lmdb"));
    const auto name = GENERATE(as<std::string>{}, "absent", "empty", "text", "zeros", "directory");
    CAPTURE(name);
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("lmdb:" + dir.file(name), {}, log);
    REQUIRE(lines.lines().size() == 1);
    CHECK(lines.lines()[0].find("error: open database " + dir.file(name) + ".lmdb: ") == 0);
    CHECK(table->find("a").outcome == lookup_result::status::failed);
    CHECK(table->files() == std::vector{dir.file(name) + ".lmdb"});
}

TEST_CASE("an lmdb database cut short is unavailable or whole, and crashes nothing") {
    const temporary_directory dir;
    write_lmdb(dir.file("whole.lmdb"), many_domains(), true);
    const auto size = std::filesystem::file_size(dir.file("whole.lmdb"));
    std::size_t failures = 0;
    for (std::size_t length = 0; length < size; length += 10007) {
        CAPTURE(length);
        std::filesystem::copy_file(dir.file("whole.lmdb"), dir.file("t.lmdb"),
                                   std::filesystem::copy_options::overwrite_existing);
        std::filesystem::resize_file(dir.file("t.lmdb"), length);
        recorded_log lines;
        logger log(lines.sink());
        const auto table = open_lookup_table("lmdb:" + dir.file("t"), {}, log);
        failures += lines.lines().size();
        if (lines.lines().empty()) {
            for (const auto& [key, value] : many_domains())
                REQUIRE(table->find(key) == lookup_result::found(value));
        }
    }
    CHECK(failures > 0);
}

TEST_CASE("an lmdb database that postmap keeps locked is unavailable") {
    const temporary_directory dir;
    write_lmdb(dir.file("t.lmdb"), {{"a", "b"}}, true);
    const int fd = ::open(dir.file("t.lmdb").c_str(), O_RDWR | O_CLOEXEC);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    REQUIRE(::fcntl(fd, F_SETLK, &lock) == 0);
    recorded_log lines;
    logger log(lines.sink());
    open_options options;
    options.patience = std::chrono::milliseconds(30);
    // Opening closes a descriptor for the file, which gives up this process's lock; not before the
    // child has met it.
    static_cast<void>(open_lookup_table("lmdb:" + dir.file("t"), options, log));
    CHECK(lines.lines() == std::vector<std::string>{"error: open database " + dir.file("t.lmdb") +
                                                    ": database is locked"});
    ::close(fd);
    lines.clear();
    CHECK(open_lookup_table("lmdb:" + dir.file("t"), options, log)->find("a") ==
          lookup_result::found("b"));
}

#endif
