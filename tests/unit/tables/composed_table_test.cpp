#include "catch.hpp"

#include "postfix_proto/remote_table.hpp"
#include "recording_sink.hpp"
#include "tables/composed_table.hpp"
#include "temporary_directory.hpp"

using namespace postfix_proto;

namespace {

const auto missing = lookup_result::not_found();

lookup_result found(std::string value) { return lookup_result::found(std::move(value)); }

lookup_result ask(const std::string& name, const std::string& key) {
    recorded_log lines;
    logger log(lines.sink());
    return open_lookup_table(name, {}, log)->find(key);
}

} // namespace

TEST_CASE("a union joins what its tables find") {
    CHECK(ask("unionmap:{inline:{a=1, b=2}, inline:{a=3}}", "a") == found("1,3"));
    CHECK(ask("unionmap:{inline:{a=1, b=2}, inline:{a=3}}", "b") == found("2"));
    CHECK(ask("unionmap:{inline:{a=1, b=2} static:x}", "c") == found("x"));
    CHECK(ask("unionmap:{inline:{a=1}}", "b") == missing);
    // Kept from stock: the empty text is as good as nothing.
    CHECK(ask("unionmap:{inline:{a=}, inline:{b=1}}", "a") == missing);
    CHECK(ask("unionmap:{inline:{a=}, inline:{a=1}}", "a") == found("1"));
    CHECK(ask("unionmap:{inline:{a=1}, inline:{a=}}", "a") == found("1,"));
}

TEST_CASE("a union fails when one of its tables does") {
    CHECK(ask("unionmap:{static:x, fail:y}", "a").outcome == lookup_result::status::failed);
    CHECK(ask("unionmap:{fail:y, static:x}", "a").outcome == lookup_result::status::failed);
    CHECK(ask("unionmap:{static:x, hash:/nonexistent/t}", "a").outcome ==
          lookup_result::status::failed);
}

TEST_CASE("a pipe looks up what the table before has found") {
    CHECK(ask("pipemap:{inline:{a=b}, inline:{b=c}}", "a") == found("c"));
    CHECK(ask("pipemap:{inline:{a=b}, inline:{b=c}}", "b") == missing);
    CHECK(ask("pipemap:{inline:{a=b}, inline:{x=c}}", "a") == missing);
    CHECK(ask("pipemap:{inline:{a=}, inline:{x=c}}", "a") == missing);
    CHECK(ask("pipemap:{inline:{a=}, static:x}", "a") == found("x"));
    CHECK(ask("pipemap:{inline:{a=b}, fail:x}", "a").outcome == lookup_result::status::failed);
    CHECK(ask("pipemap:{inline:{a=b}, fail:x}", "b") == missing);
    CHECK(ask("pipemap:{regexp:{{/^(.*)\\.tld$/ $1}}, inline:{a=x}}", "a.tld") == found("x"));
    CHECK(ask("pipemap:{unionmap:{inline:{a=b} inline:{a=c}} inline:{{b,c = d}}}", "a") ==
          found("d"));
}

TEST_CASE("the first table of a composed one says whether keys are fixed") {
    recorded_log lines;
    logger log(lines.sink());
    open_options options;
    options.utf8 = GENERATE(false, true);
    const auto is_fixed = [&](const char* name) {
        return open_lookup_table(name, options, log)->keys_are_fixed();
    };
    CHECK(is_fixed("unionmap:{static:a, regexp:{{/a/ b}}}"));
    CHECK_FALSE(is_fixed("unionmap:{regexp:{{/a/ b}}, static:a}"));
    CHECK(is_fixed("pipemap:{static:a, fail:a}"));
    CHECK_FALSE(is_fixed("pipemap:{fail:a, static:a}"));
}

TEST_CASE("a composed table depends on the files of all") {
    const temporary_directory dir;
    const std::string one = dir.write("one", "a b\n"), two = dir.write("two", "a b\n");
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table(
        "pipemap:{texthash:" + one + " unionmap:{texthash:" + two + "}}", {}, log);
    CHECK(table->files() == std::vector{one, two});
    CHECK(lines.lines().empty());
}

TEST_CASE("a composed table out of shape is unavailable") {
    const auto type = GENERATE(as<std::string>{}, "unionmap", "pipemap");
    const auto name = GENERATE(as<std::string>{}, "static:a", "{static:a", "{static:a}b", "{}",
                               "{,}", "{static:a, b}");
    CAPTURE(type, name);
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table(type + ":" + name, {}, log);
    CHECK(lines.lines() == std::vector<std::string>{"error: bad syntax: \"" + type + ":" + name +
                                                    "\"; need \"" + type + ":{type:name...}\""});
    CHECK(table->find("x").outcome == lookup_result::status::failed);
}

TEST_CASE("a composed table asks elsewhere when one of its tables does") {
    recorded_log lines;
    logger log(lines.sink());
    const auto table =
        open_lookup_table("pipemap:{inline:{a=b}, proxy:ldap:x, proxy:ldap:y}", {}, log);
    CHECK(table->asks_elsewhere());
    CHECK(table->find("a") == lookup_result::failed(cannot_ask_here));
    remote_answers answers;
    CHECK(table->find_given("x", answers) == missing);
    CHECK(table->find_given("a", answers) == lookup_result::unanswered());
    CHECK(answers.question() == remote_question{"ldap:x", "b"});
    answers.add({"ldap:x", "b"}, {found("c")});
    CHECK(table->find_given("a", answers) == lookup_result::unanswered());
    CHECK(answers.question() == remote_question{"ldap:y", "c"});
    answers.add({"ldap:y", "c"}, {found("d")});
    CHECK(table->find_given("a", answers) == found("d"));
    CHECK_FALSE(open_lookup_table("unionmap:{static:a}", {}, log)->asks_elsewhere());
}
