#include "catch.hpp"

#include "recording_sink.hpp"
#include "tables/static_table.hpp"

#include <set>
#include <string>

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

TEST_CASE("a random table finds one of its values for every key") {
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("randmap:{one, {two words} three}", {}, log);
    CHECK(lines.lines().empty());
    CHECK_FALSE(table->keys_are_fixed());
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto result = table->find("x");
        REQUIRE(result.outcome == lookup_result::status::found);
        seen.insert(result.text);
    }
    CHECK(seen == std::set<std::string>{"one", "three", "{two words}"}); // braces stay, as in stock
}

TEST_CASE("a random table out of shape is unavailable") {
    const auto name = GENERATE(as<std::string>{}, "a", "{a", "{a}b", "{}", "{ , }");
    CAPTURE(name);
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("randmap:" + name, {}, log);
    CHECK(lines.lines() == std::vector<std::string>{"error: bad syntax: \"randmap:" + name +
                                                    "\"; need \"randmap:{value...}\""});
    CHECK(table->find("x").outcome == lookup_result::status::failed);
}

TEST_CASE("a failing table opens and fails") {
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("fail:whatever", {}, log);
    CHECK(lines.lines().empty());
    CHECK(table->find("x") == lookup_result::failed("this table always fails"));
    CHECK_FALSE(table->keys_are_fixed());
    CHECK(lines.lines().empty());
}
