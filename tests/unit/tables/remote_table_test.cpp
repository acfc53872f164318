#include "catch.hpp"

#include "postfix_proto/match_list.hpp"
#include "postfix_proto/remote_table.hpp"
#include "recording_sink.hpp"

using namespace postfix_proto;

namespace {

using style = match_list::style;

/// What a list asks, and what it comes to, when the table is `entries`.
struct conversation {
    std::vector<std::string> questions; // each "table key"
    match_result result = match_result::failed;
};

conversation converse(const std::string& value, const std::string& name, bool keys_are_fixed,
                      const std::vector<std::string>& entries, style how) {
    recorded_log lines;
    logger log(lines.sink());
    match_list list("some_list", value, how, {}, log);
    CHECK(list.asks_elsewhere());
    match_list::query query(list, name);
    conversation all;
    auto step = query.next();
    while (const auto* question = std::get_if<remote_question>(&step)) {
        all.questions.push_back(question->table + " " + question->key);
        const bool is_there =
            std::find(entries.begin(), entries.end(), question->key) != entries.end();
        query.answer(
            {is_there ? lookup_result::found("x") : lookup_result::not_found(), keys_are_fixed});
        step = query.next();
    }
    all.result = std::get<match_result>(step);
    return all;
}

} // namespace

TEST_CASE("a list with a proxied table asks for the name and, if keys are fixed, its parents") {
    using questions = std::vector<std::string>;
    const std::string value = "near.tld, proxy:ldap:/x";
    auto all = converse(value, "A.B.tld", true, {"b.tld"}, style::parent_matches_below);
    CHECK(all.questions == questions{"ldap:/x a.b.tld", "ldap:/x b.tld"});
    CHECK(all.result == match_result::matched);

    all = converse(value, "a.b.tld", true, {".tld"}, style::dot_matches_below);
    CHECK(all.questions == questions{"ldap:/x a.b.tld", "ldap:/x .b.tld", "ldap:/x .tld"});
    CHECK(all.result == match_result::matched);

    all = converse(value, "a.b.tld", false, {"b.tld"}, style::parent_matches_below);
    CHECK(all.questions == questions{"ldap:/x a.b.tld"});
    CHECK(all.result == match_result::not_matched);

    all = converse(value, "x.near.tld", true, {}, style::parent_matches_below);
    CHECK(all.questions.empty()); // a match before it decides
    CHECK(all.result == match_result::matched);

    all = converse("!proxy:a:1, proxy:b:2", "x", true, {"x"}, style::parent_matches_below);
    CHECK(all.questions == questions{"a:1 x"});
    CHECK(all.result == match_result::not_matched);

    all = converse("!proxy:a:1, proxy:b:2", "y", true, {"x"}, style::parent_matches_below);
    CHECK(all.questions == questions{"a:1 y", "b:2 y"});

    all = converse("unionmap:{proxy:a:1, proxy:b:2}", "y.z", true, {"z"},
                   style::parent_matches_below);
    CHECK(all.questions == questions{"a:1 y.z", "b:2 y.z", "a:1 z", "b:2 z"});
    CHECK(all.result == match_result::matched);
}

TEST_CASE("a list fails where the answer is a failure") {
    recorded_log lines;
    logger log(lines.sink());
    match_list list("some_list", "a, proxy:ldap:/x, b", style::exact, {}, log);
    match_list::query query(list, "b");
    CHECK(std::holds_alternative<remote_question>(query.next()));
    query.answer({lookup_result::failed("why")});
    CHECK(std::get<match_result>(query.next()) == match_result::failed);
    CHECK(lines.lines() ==
          std::vector<std::string>{"warning: some_list: proxy:ldap:/x: table lookup problem: why"});
}

TEST_CASE("a list that may not ask fails the names that get to a proxied table") {
    recorded_log lines;
    logger log(lines.sink());
    match_list list("some_list", "a, proxy:ldap:/x, b", style::exact, {}, log);
    CHECK(list.match("a") == match_result::matched);
    CHECK(lines.lines().empty());
    CHECK(list.match("b") == match_result::failed);
    CHECK(lines.contains(cannot_ask_here));
    CHECK_FALSE(match_list("l", "a, static:x", style::exact, {}, log).asks_elsewhere());
}

TEST_CASE("under UTF-8 a proxied table is not asked for a malformed key") {
    recorded_log lines;
    logger log(lines.sink());
    open_options options;
    options.utf8 = true;
    const auto table = open_lookup_table("proxy:ldap:/x", options, log);
    remote_answers answers;
    CHECK(table->asks_elsewhere());
    CHECK(table->find_given("\xff", answers) == lookup_result::not_found());
    CHECK(lines.contains("is malformed UTF-8"));
    answers.add({"ldap:/x", "a"}, {lookup_result::found("\xff"), true});
    CHECK(table->find_given("a", answers).outcome == lookup_result::status::failed);
    CHECK(table->keys_are_fixed());
}

TEST_CASE("a proxied table needs a type and a name") {
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("proxy:ldap", {}, log);
    CHECK(lines.lines() ==
          std::vector<std::string>{"error: bad syntax: \"proxy:ldap\"; need \"proxy:type:name\""});
    CHECK(table->find("x").outcome == lookup_result::status::failed);
}
