#include "catch.hpp"

#include "postfix_proto/lookup_table.hpp"
#include "postfix_proto/remote_table.hpp"
#include "recording_sink.hpp"
#include "temporary_directory.hpp"

using namespace postfix_proto;

namespace {

using strings = std::vector<std::string>;

struct fixture {
    recorded_log lines;
    logger log{lines.sink()};
    open_options options;

    std::unique_ptr<lookup_table> open(const std::string& name) {
        return open_lookup_table(name, options, log);
    }
};

} // namespace

TEST_CASE("a debug table finds what its table finds, and logs each lookup") {
    fixture f;
    f.options.utf8 = GENERATE(false, true);
    const auto table = f.open("debug:inline:{a=1}");
    CHECK(table->find("a") == lookup_result::found("1"));
    CHECK(table->find("b") == lookup_result::not_found());
    CHECK(table->type() == "debug");
    CHECK(table->name() == "inline:{a=1}");
    CHECK(f.lines.lines() == strings{"inline:{a=1} lookup: \"a\" = \"1\"",
                                     "inline:{a=1} lookup: \"b\" = \"not_found\""});
}

TEST_CASE("a debug table fails where its table does, and says so") {
    fixture f;
    CHECK(f.open("debug:fail:x")->find("a").outcome == lookup_result::status::failed);
    CHECK(f.lines.contains("fail:x lookup: \"a\" = \"error\""));
    for (const auto* name : {"debug:texthash:/nonexistent/t", "debug:nothing", "debug:no:such"})
        CHECK(f.open(name)->find("a").outcome == lookup_result::status::failed);
}

TEST_CASE("a debug table has the properties of its table") {
    const temporary_directory dir;
    const auto path = dir.write("t", "a b\n");
    fixture f;
    CHECK(f.open("debug:inline:{a=1}")->keys_are_fixed());
    CHECK_FALSE(f.open("debug:regexp:{{/a/ b}}")->keys_are_fixed());
    CHECK(f.open("debug:texthash:" + path)->files() == strings{path});
    CHECK(f.open("debug:proxy:ldap:/x")->asks_elsewhere());
    CHECK_FALSE(f.open("debug:inline:{a=1}")->asks_elsewhere());
}

TEST_CASE("a debug table in a union or a pipe logs its part") {
    fixture f;
    CHECK(f.open("unionmap:{debug:inline:{a=1}, inline:{a=2}}")->find("a") ==
          lookup_result::found("1,2"));
    CHECK(f.open("pipemap:{inline:{a=b}, debug:inline:{b=3}}")->find("a") ==
          lookup_result::found("3"));
    CHECK(f.lines.lines() ==
          strings{"inline:{a=1} lookup: \"a\" = \"1\"", "inline:{b=3} lookup: \"b\" = \"3\""});
}

TEST_CASE("a debug table around one that asks elsewhere logs once, when there is an answer") {
    fixture f;
    const auto table = f.open("debug:proxy:ldap:/x");
    remote_answers answers;
    CHECK(table->find_given("a", answers).outcome == lookup_result::status::unanswered);
    CHECK(f.lines.lines().empty());
    answers.add({"ldap:/x", "a"}, {lookup_result::found("1"), true});
    CHECK(table->find_given("a", answers) == lookup_result::found("1"));
    CHECK(f.lines.lines() == strings{"proxy:ldap:/x lookup: \"a\" = \"1\""});
}

TEST_CASE("malformed UTF-8 is told once of a debug table's table") {
    fixture f;
    f.options.utf8 = true;
    CHECK(f.open("debug:static:x")->find("\xff") == lookup_result::not_found());
    REQUIRE(f.lines.lines().size() == 2);
    CHECK(f.lines.lines()[0] == "warning: static:x: key \"?\" is malformed UTF-8");
    CHECK(f.lines.lines()[1] == "static:x lookup: \"?\" = \"not_found\"");
}
