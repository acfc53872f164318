#include "catch.hpp"

#include "recording_sink.hpp"
#include "tables/memory_table.hpp"
#include "temporary_directory.hpp"

#include <atomic>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>

using namespace postfix_proto;

namespace {

const auto missing = lookup_result::not_found();

lookup_result found(std::string value) { return lookup_result::found(std::move(value)); }

} // namespace

TEST_CASE("an inline table holds its entries") {
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table(
        "inline:{a=1, b=,{c = several words} {  d=x, y } e=1=2\n{\"f g\" = 3}, A=upper, a=2}", {},
        log);
    CHECK(lines.lines().empty());
    CHECK(table->type() == "inline");
    CHECK(table->keys_are_fixed());
    CHECK(table->files().empty());
    CHECK(table->find("a") == found("2")); // the last one counts
    CHECK(table->find("A") == found("upper"));
    CHECK(table->find("b") == found(""));
    CHECK(table->find("c") == found("several words"));
    CHECK(table->find("d") == found("x, y"));
    CHECK(table->find("e") == found("1=2"));
    CHECK(table->find("\"f g\"") == found("3"));
    CHECK(table->find("f g") == missing); // stock's quirk: quotes are part of the key
    CHECK(table->find("") == missing);
    CHECK(table->find("c ") == missing);
}

TEST_CASE("an inline table out of shape is unavailable") {
    struct row {
        std::string name, reason;
    };
    const auto row = GENERATE(values<struct row>({
        {"a=b", "bad syntax"},
        {"{a=b", "bad syntax"},
        {"{a=b}c", "bad syntax"},
        {"{}", "empty table"},
        {"{ , }", "empty table"},
        {"{a}", "no '=' after a key"},
        {"{a = b}", "no '=' after a key"},
        {"{{}}", "an entry is empty"},
        {"{{a=b}c}", "text after the '}' in \"{a=b}c\""},
        {"{\"a=b}", "unbalanced '\"'"},
        {"{\"a b\"=c}", "unbalanced '\"'"}, // quotes do not keep an item together, braces do
        {"{a\\}", "no '=' after a key"},
    }));
    CAPTURE(row.name);
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("inline:" + row.name, {}, log);
    CHECK(lines.lines() ==
          std::vector<std::string>{"error: " + row.reason + ": \"inline:" + row.name +
                                   "\"; need \"inline:{name=value...}\""});
    CHECK(table->find("a").outcome == lookup_result::status::failed);
}

TEST_CASE("an inline table under UTF-8 is unavailable when it is malformed") {
    recorded_log lines;
    logger log(lines.sink());
    open_options options;
    options.utf8 = true;
    CHECK(open_lookup_table("inline:{a=\xff}", options, log)->find("a").outcome ==
          lookup_result::status::failed);
    CHECK(lines.contains("error: malformed UTF-8"));
    CHECK(open_lookup_table("inline:{a=\xff}", {}, log)->find("a") == found("\xff"));
}

TEST_CASE("a text hash is read as postmap reads it") {
    const temporary_directory dir;
    const std::string path = dir.write("t", "# a comment\n"
                                            "\n"
                                            "example.com\tOK\n"
                                            "a.example   one\n"
                                            "   two\n"
                                            "# inside\n"
                                            "   three  \n"
                                            "\"quoted key\" yes\n"
                                            "back\\ slash yes\n"
                                            "UPPER kept\n"
                                            "last no-newline");
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("texthash:" + path, {}, log);
    CHECK(lines.lines().empty());
    CHECK(table->type() == "texthash");
    CHECK(table->name() == path);
    CHECK(table->keys_are_fixed());
    CHECK(table->files() == std::vector{path});
    CHECK(table->find("example.com") == found("OK"));
    CHECK(table->find("a.example") == found("one   two   three"));
    CHECK(table->find("\"quoted key\"") == found("yes"));
    CHECK(table->find("back\\ slash") == found("yes"));
    CHECK(table->find("UPPER") == found("kept"));
    CHECK(table->find("upper") == missing);
    CHECK(table->find("last") == found("no-newline"));
}

TEST_CASE("a text hash skips lines out of shape with a warning each") {
    const temporary_directory dir;
    const std::string path = dir.write("t", "lonely\n"
                                            "\"open quote x\n"
                                            "alias: x\n"
                                            "b\xff x\n"
                                            "good yes\n");
    recorded_log lines;
    logger log(lines.sink());
    open_options options;
    options.utf8 = true;
    const auto table = open_lookup_table("texthash:" + path, options, log);
    CHECK(lines.lines() ==
          std::vector<std::string>{
              "warning: " + path + ", line 1: no value after the key -- ignoring this line",
              "warning: " + path + ", line 2: unbalanced '\"' -- ignoring this line",
              "warning: " + path + ", line 3: the key ends in ':'; is this an alias file?",
              "warning: " + path + ", line 4: malformed UTF-8 -- ignoring this line",
          });
    CHECK(table->find("lonely") == missing);
    CHECK(table->find("alias:") == found("x"));
    CHECK(table->find("good") == found("yes"));
}

TEST_CASE("a text hash with two entries for a key is unavailable") {
    const temporary_directory dir;
    const std::string path = dir.write("t", "a x\nTwice first\nb y\nTwice second\n");
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("texthash:" + path, {}, log);
    const std::string reason = path + ", line 4: duplicate entry: \"Twice\"";
    CHECK(lines.lines() == std::vector<std::string>{"error: " + reason});
    CHECK(table->find("a") == lookup_result::failed(reason));
    CHECK(table->files() == std::vector{path});
    lines.clear();
    const std::string near_miss = dir.write("n", "a x\nA x\n\"a\" x\n");
    CHECK(open_lookup_table("texthash:" + near_miss, {}, log)->find("a") == found("x"));
    CHECK(lines.lines().empty());
}

TEST_CASE("an empty text hash finds nothing") {
    const temporary_directory dir;
    recorded_log lines;
    logger log(lines.sink());
    CHECK(open_lookup_table("texthash:" + dir.write("t", ""), {}, log)->find("a") == missing);
    CHECK(lines.lines().empty());
}

TEST_CASE("a text hash that cannot be read is unavailable and still names its file") {
    const temporary_directory dir;
    const std::pair<std::string, std::string> rows[] = {
        {dir.file("absent"), "No such file or directory"},
        {dir.path(), "Is a directory"},
        {dir.path().string() + "/", "Is a directory"},
        {dir.write("file", "a b\n") + "/x", "Not a directory"},
    };
    for (const auto& [path, why] : rows) {
        recorded_log lines;
        logger log(lines.sink());
        const auto table = open_lookup_table("texthash:" + path, {}, log);
        CHECK(lines.lines() ==
              std::vector<std::string>{"error: open database " + path + ": " + why});
        CHECK(table->files() == std::vector{path});
        CHECK(table->find("a").outcome == lookup_result::status::failed);
    }
}

TEST_CASE("a FIFO is refused as a text hash, and not waited for") {
    const temporary_directory dir;
    const std::string path = dir.file("fifo");
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    recorded_log lines;
    logger log(lines.sink());
    CHECK(open_lookup_table("texthash:" + path, {}, log)->find("a").outcome ==
          lookup_result::status::failed);
}

TEST_CASE("a text hash that never rests is used after a bounded time") {
    const temporary_directory dir;
    const std::string path = dir.write("t", std::string(1 << 22, '#') + "\na b\n");
    std::atomic<bool> stop = false;
    std::thread writer([&] {
        for (long second = 1; !stop; ++second) {
            const timespec times[2] = {{second, 0}, {second, 0}};
            ::utimensat(AT_FDCWD, path.c_str(), times, 0);
        }
    });
    recorded_log lines;
    logger log(lines.sink());
    open_options options;
    options.patience = std::chrono::milliseconds(120);
    const auto start = std::chrono::steady_clock::now();
    const auto table = open_lookup_table("texthash:" + path, options, log);
    stop = true;
    writer.join();
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
    CHECK(table->find("a") == found("b"));
    // On a busy machine the writer may not get its turn while the file is read.
    if (!lines.lines().empty())
        CHECK(lines.lines() ==
              std::vector<std::string>{"warning: " + path + " keeps changing while it is read"});
}
