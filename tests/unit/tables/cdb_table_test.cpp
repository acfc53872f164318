#include "catch.hpp"

#include "recording_sink.hpp"
#include "tables/cdb_table.hpp"
#include "temporary_directory.hpp"

#ifdef POSTFIX_PROTO_HAVE_CDB

#include <cdb.h>
#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

using namespace postfix_proto;

namespace {

using entries = std::vector<std::pair<std::string, std::string>>;

/// Makes the file that postmap(1) makes; with `nul` the strings have theirs.
void write_cdb(const std::string& path, const entries& all, bool nul) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    cdb_make maker{};
    bool is_good = fd >= 0 && cdb_make_start(&maker, fd) == 0;
    const unsigned extra = nul ? 1 : 0;
    for (const auto& [key, value] : all)
        is_good = is_good &&
                  cdb_make_add(&maker, key.c_str(), static_cast<unsigned>(key.size()) + extra,
                               value.c_str(), static_cast<unsigned>(value.size()) + extra) == 0;
    if (!is_good || cdb_make_finish(&maker) != 0 || ::close(fd) != 0)
        throw std::runtime_error(path);
}

} // namespace

TEST_CASE("a cdb table is found whole, with and without the trailing NUL; a first entry counts") {
    const bool nul = GENERATE(true, false);
    const temporary_directory dir;
    entries all;
    for (int i = 0; i < 2000; ++i)
        all.emplace_back("host" + std::to_string(i) + ".example.com", std::to_string(i));
    all.emplace_back("host7.example.com", "second");
    write_cdb(dir.file("t.cdb"), all, nul);
    all.pop_back();
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("cdb:" + dir.file("t"), {}, log);
    CHECK(lines.lines().empty());
    CHECK(table->keys_are_fixed());
    CHECK(table->files() == std::vector{dir.file("t.cdb")});
    REQUIRE(::unlink(dir.file("t.cdb").c_str()) == 0); // from memory
    for (const auto& [key, value] : all)
        REQUIRE(table->find(key) == lookup_result::found(value));
    CHECK(table->find("host2000.example.com") == lookup_result::not_found());
}

TEST_CASE("a file that is no cdb database is unavailable") {
    const temporary_directory dir;
    dir.write("empty.cdb", "");
    dir.write("text.cdb", std::string(20000, 'x'));
    write_cdb(dir.file("cut.cdb"), {{"a", std::string(10000, 'x')}}, false);
    std::filesystem::resize_file(dir.file("cut.cdb"), 5000);
    const auto name = GENERATE(as<std::string>{}, "absent", "empty", "text", "cut");
    CAPTURE(name);
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("cdb:" + dir.file(name), {}, log);
    REQUIRE(lines.lines().size() == 1);
    CHECK(lines.lines()[0].find("error: open database " + dir.file(name) + ".cdb: ") == 0);
    CHECK(table->find("a").outcome == lookup_result::status::failed);
}

#endif
