#include "catch.hpp"

#include "postfix_proto/static_table.hpp"
#include "recording_sink.hpp"

using namespace postfix_proto;

TEST_CASE("a static table has the one value for every key") {
    recorded_log lines;
    logger log(lines.sink());
    struct row {
        std::string name, value;
    };
    const auto row = GENERATE(values<struct row>({
        {"static:yes", "yes"},
        {"static:a:b", "a:b"},
        {"static:{ a value }", "a value"},
        {"static:{}", ""},
        {"static:a}", "a}"},
    }));
    CAPTURE(row.name);
    const auto table = open_lookup_table(row.name, {}, log);
    CHECK(table->type() == "static");
    CHECK(table->keys_are_fixed());
    CHECK(table->files().empty());
    CHECK(table->find("example.com") == lookup_result::found(row.value));
    CHECK(table->find("") == lookup_result::found(row.value));
    CHECK(lines.lines().empty());
}

TEST_CASE("a static table with unbalanced braces is unavailable") {
    recorded_log lines;
    logger log(lines.sink());
    const auto name = GENERATE(as<std::string>{}, "static:{a", "static:{a}b");
    CAPTURE(name);
    const auto table = open_lookup_table(name, {}, log);
    CHECK(lines.contains("error: bad static:name syntax: "));
    CHECK(table->find("x").outcome == lookup_result::status::failed);
    CHECK_FALSE(table->keys_are_fixed());
}
