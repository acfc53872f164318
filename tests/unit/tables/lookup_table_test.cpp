#include "catch.hpp"

#include "postfix_proto/lookup_table.hpp"
#include "postfix_proto/remote_table.hpp"
#include "recording_sink.hpp"

#include <algorithm>

using namespace postfix_proto;

TEST_CASE("a table of an unknown type is unavailable: one error, then a warning at each lookup") {
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("dbm:/etc/x", {}, log);
    std::string known;
    for (const auto& type : lookup_table_types())
        known += (known.empty() ? "" : ", ") + type;
    const std::string reason = "unsupported dictionary type: dbm (supported: " + known + ")";
    CHECK(lines.lines() == std::vector<std::string>{"error: " + reason});
    CHECK(table->type() == "dbm");
    CHECK(table->name() == "/etc/x");
    CHECK_FALSE(table->keys_are_fixed());
    CHECK(table->files().empty());

    lines.clear();
    CHECK(table->find("a") == lookup_result::failed(reason));
    CHECK(table->find("b") == lookup_result::failed(reason));
    const std::string warning = "warning: dbm:/etc/x is unavailable. " + reason;
    CHECK(lines.lines() == std::vector<std::string>{warning, warning});
}

TEST_CASE("a table name out of shape is unavailable") {
    recorded_log lines;
    logger log(lines.sink());
    const auto name = GENERATE(as<std::string>{}, "hash:", ":name", "hash", "", ":");
    CAPTURE(name);
    const auto table = open_lookup_table(name, {}, log);
    CHECK(lines.lines() == std::vector<std::string>{"error: open dictionary: \"" + name +
                                                    "\" is not of the form \"type:name\""});
    CHECK(table->find("a").outcome == lookup_result::status::failed);
}

TEST_CASE("type names are told apart by case and length") {
    recorded_log lines;
    logger log(lines.sink());
    const auto name = GENERATE(as<std::string>{}, "Static:a", "stat:a", "statics:a", " static:a");
    CAPTURE(name);
    CHECK(open_lookup_table(name, {}, log)->find("a").outcome == lookup_result::status::failed);
}

TEST_CASE("an open error is fatal when that is asked for") {
    recorded_log lines;
    logger log(lines.sink());
    open_options options;
    options.open_error_is_fatal = true;
    CHECK_THROWS_AS(open_lookup_table("dbm:aliases", options, log), startup_error);
    CHECK_THROWS_WITH(open_lookup_table("texthash:/nonexistent/x", options, log),
                      "open database /nonexistent/x: No such file or directory");
    CHECK(lines.lines().empty());
}

TEST_CASE("the registry is sorted and opens what it lists") {
    const auto types = lookup_table_types();
    CHECK(std::is_sorted(types.begin(), types.end()));
    for (const auto* type : {"cidr", "debug", "environ", "fail", "inline", "pipemap", "proxy",
                             "randmap", "regexp", "static", "texthash", "unionmap"}) {
        CAPTURE(type);
        CHECK(std::count(types.begin(), types.end(), type) == 1);
    }
    CHECK(std::count(types.begin(), types.end(), "ldap") == 0);
}

TEST_CASE("under UTF-8 a malformed key is not found and a malformed value fails") {
    recorded_log lines;
    logger log(lines.sink());
    open_options options;
    options.utf8 = true;

    const auto good = open_lookup_table("static:d\xc3\xa9j\xc3\xa0", options, log);
    CHECK(good->type() == "static");
    CHECK(good->keys_are_fixed());
    CHECK(good->find("k\xc3\xa9y") == lookup_result::found("d\xc3\xa9j\xc3\xa0"));
    CHECK(lines.lines().empty());
    CHECK(good->find("k\xff") == lookup_result::not_found());
    CHECK(lines.contains("is malformed UTF-8"));
    CHECK(lines.lines().size() == 1);

    lines.clear();
    const auto bad = open_lookup_table("static:\xff", options, log);
    CHECK(bad->find("key").outcome == lookup_result::status::failed);
    CHECK(lines.lines() == std::vector<std::string>{
                               "warning: static:?: value \"?\" of key \"key\" is malformed UTF-8"});

    lines.clear();
    CHECK(open_lookup_table("static:\xff", {}, log)->find("\xff") == lookup_result::found("\xff"));
    CHECK(lines.lines().empty());
}

TEST_CASE(
    "a table of a type that only Postfix has is asked of proxymap, without \"proxy:\" as well") {
    const auto type = GENERATE(as<std::string>{}, "ldap", "memcache", "mongodb", "mysql", "nis",
                               "nisplus", "pgsql", "sqlite", "unix");
    CAPTURE(type);
    recorded_log lines;
    logger log(lines.sink());
    for (const std::string before : {"", "proxy:"}) {
        const auto table = open_lookup_table(before + type + ":/etc/{x}.cf", {}, log);
        CHECK(lines.lines().empty());
        CHECK(table->asks_elsewhere());
        CHECK(table->find("a") == lookup_result::failed(cannot_ask_here));
        remote_answers answers;
        CHECK(table->find_given("a", answers) == lookup_result::unanswered());
        CHECK(answers.question() == remote_question{type + ":/etc/{x}.cf", "a"});
    }
    const auto types = proxied_table_types();
    CHECK(std::is_sorted(types.begin(), types.end()));
    CHECK(std::count(types.begin(), types.end(), type) == 1);
}
