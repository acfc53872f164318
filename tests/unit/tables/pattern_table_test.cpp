#include "catch.hpp"

#include "recording_sink.hpp"
#include "tables/pattern_table.hpp"
#include "temporary_directory.hpp"

#include <algorithm>

using namespace postfix_proto;

namespace {

const auto missing = lookup_result::not_found();

lookup_result found(std::string value) { return lookup_result::found(std::move(value)); }

bool is_built_in(const std::string& type) {
    const auto types = lookup_table_types();
    return std::find(types.begin(), types.end(), type) != types.end();
}

struct fixture {
    temporary_directory dir;
    recorded_log lines;
    logger log{lines.sink()};
    std::string path;

    std::unique_ptr<lookup_table> open(const std::string& type, const std::string& text) {
        path = dir.write("t", text);
        return open_lookup_table(type + ":" + path, {}, log);
    }
    [[nodiscard]] std::string warning(const std::string& type, const std::string& what) const {
        return "warning: " + type + " map " + path + ", line " + what;
    }
};

} // namespace

TEST_CASE("a pattern table finds what matches") {
    struct row {
        std::string line, key, result; // no result: not found
    };
    const auto type = GENERATE(as<std::string>{}, "regexp", "pcre");
    if (!is_built_in(type))
        return;
    const auto row = GENERATE(values<struct row>({
        {"/^example\\.com$/ yes", "example.com", "yes"},
        {"/^example\\.com$/ yes", "EXAMPLE.com", "yes"},
        {"/^example\\.com$/i yes", "EXAMPLE.com", ""},
        {"/^example\\.com$/ii yes", "EXAMPLE.com", "yes"},
        {"/^example\\.com$/ yes", "a.example.com", ""},
        {"/^example\\.com$/ yes", "exampleXcom", ""},
        {"/example/ yes", "an.example.org", "yes"},
        {"!/example/ yes", "an.example.org", ""},
        {"!/example/ yes", "other.org", "yes"},
        {"! ! /example/ yes", "an.example.org", "yes"},
        {"#example# yes", "example", ""}, // a comment
        {"|exam/ple| yes", "exam/ple", "yes"},
        {"/exam\\/ple/ yes", "exam/ple", "yes"},
        {"/(a+)(b*)(c)/ <$1${2}$(3)$$>", "aabcc", "<aabc$>"},
        {"/(a+)(b*)(c)/ <$2>", "ac", "<>"},
        {"/a(x)|b/ <$1>", "b", "<>"},
        {"/(.*)\\.example/ user_$1", "a.example", "user_a"},
        {"/a/ x$$y", "a", "x$y"},
        {"/a/ two  words", "a", "two  words"},
        {"/a/\n  continued", "a", "continued"},
        {"/a/x[/ x", "x", ""},
    }));
    CAPTURE(type, row.line, row.key);
    fixture f;
    const auto table = f.open(type, row.line + "\n");
    CHECK_FALSE(table->keys_are_fixed());
    CHECK(table->files() == std::vector{f.path});
    CHECK(table->find(row.key) == (row.result.empty() ? missing : found(row.result)));
}

TEST_CASE("the first line of a pattern table that matches decides, and blocks may be skipped") {
    const auto type = GENERATE(as<std::string>{}, "regexp", "pcre");
    if (!is_built_in(type))
        return;
    fixture f;
    const auto table = f.open(type, "/^first/ one\n"
                                    "if /\\.tld$/\n"
                                    "IF !/^not/\n"
                                    "/./ inner\n"
                                    "endif\n"
                                    "/^notes/ outer\n"
                                    "endif\n"
                                    "/^not/ last\n");
    CHECK(f.lines.lines().empty());
    CHECK(table->find("first.tld") == found("one"));
    CHECK(table->find("second.tld") == found("inner"));
    CHECK(table->find("notes.tld") == found("outer"));
    CHECK(table->find("not.tld") == found("last"));
    CHECK(table->find("second.com") == missing);
    CHECK(table->find("") == missing);
}

TEST_CASE("a line of a pattern table out of shape is skipped with a warning") {
    struct row {
        std::string line, why;
    };
    const auto type = GENERATE(as<std::string>{}, "regexp", "pcre");
    if (!is_built_in(type))
        return;
    const auto row = GENERATE(values<struct row>({
        {"!", "no pattern"},
        {"/abc", "no closing delimiter \"/\""},
        {"/abc\\/", "no closing delimiter \"/\""},
        {"/abc\\", "no closing delimiter \"/\""},
        {"/a/q x", "unknown flag \"q\""},
        {"/a/ $1", "out of range replacement index \"1\""},
        {"/(a)/ $2", "out of range replacement index \"2\""},
        {"/(a)/ $99999999999999999999", "out of range replacement index \"1000000\""},
        {"/(a)/ $0", "out of range replacement index \"0\""},
        {"/(a)/ $x", "non-numeric replacement index \"x\""},
        {"/(a)/ ${1x}", "non-numeric replacement index \"1x\""},
        {"/(a)/ $", "nothing after a '$'"},
        {"/(a)/ ${}", "nothing after a '$'"},
        {"/(a)/ ${1", "no end of \"${1\""},
        {"!/(a)/ $1", "$number in the result of a negative match"},
        {"endif", "ENDIF without IF"},
        {"ifx /a/", "neither a pattern nor IF nor ENDIF"},
        {"example.com x", "neither a pattern nor IF nor ENDIF"},
        {"if /a", "no closing delimiter \"/\""},
    }));
    CAPTURE(type, row.line);
    fixture f;
    const auto table = f.open(type, row.line + "\n/^rest$/ rest\n");
    CHECK(f.lines.lines() ==
          std::vector{f.warning(type, "1: " + row.why + ": skipping this rule")});
    CHECK(table->find("a") == missing);
    CHECK(table->find("rest") == found("rest"));
}

TEST_CASE("what is odd in a pattern table but can be used is worth a warning") {
    const auto type = GENERATE(as<std::string>{}, "regexp", "pcre");
    if (!is_built_in(type))
        return;
    fixture f;
    const auto table = f.open(type, "/^empty/\n"
                                    "if /^i/ text\n"
                                    "/^in/ in\n"
                                    "endif text\n"
                                    "if /^z/\n"
                                    "/z/ z\n");
    CHECK(f.lines.lines() ==
          std::vector{f.warning(type, "1: no result text: using the empty one"),
                      f.warning(type, "2: ignoring text after IF: \"text\"; statements between IF "
                                      "and ENDIF must not start with white space"),
                      f.warning(type, "4: ignoring text after ENDIF"),
                      f.warning(type, "5: IF has no matching ENDIF")});
    CHECK(table->find("empty") == found(""));
    CHECK(table->find("in") == found("in"));
    CHECK(table->find("x") == missing);
    CHECK(table->find("z") == found("z"));
}

TEST_CASE("regexp: knows extended and basic patterns, lines, and a second pattern") {
    fixture f;
    const auto table = f.open("regexp", "/^a+b$/x basic\n"
                                        "/^a+b$/ extended\n"
                                        "/^c$/m lines\n"
                                        "/^d/!/e$/ without\n"
                                        "/^d(.*)/!/f$/i with $1\n"
                                        "/(/ bad\n");
    REQUIRE(f.lines.lines().size() == 1);
    CHECK(f.lines.contains(", line 6: "));
    CHECK(f.lines.contains(": skipping this rule"));
    CHECK(table->find("a+b") == found("basic"));
    CHECK(table->find("aab") == found("extended"));
    CHECK(table->find("b\nc") == found("lines"));
    CHECK(table->find("dx") == found("without"));
    CHECK(table->find("de") == found("with e"));
    CHECK(table->find("dFe") == found("with Fe"));
    CHECK(table->find("dfef") == found("without"));
}

TEST_CASE("pcre: knows its flags, and tells a pattern that takes too long") {
    if (!is_built_in("pcre")) {
        recorded_log lines;
        logger log(lines.sink());
        CHECK(open_lookup_table("pcre:/x", {}, log)->find("a").outcome ==
              lookup_result::status::failed);
        CHECK(lines.contains("needs a library that this program was built without"));
        return;
    }
    fixture f;
    const auto table = f.open("pcre", "/^a b$/x blanks\n"
                                      "/b/A anchored\n"
                                      "/^c.$/s one line\n"
                                      "/^d$/E very end\n"
                                      "/^(e+)/U few $1\n"
                                      "/^f/X extra\n"
                                      "/^g(?=h)/ ahead\n"
                                      "/^(i+i+)+$/ much\n"
                                      "!/^(i+i+)+$/ not much\n"
                                      "/(/ bad\n");
    CHECK(f.lines.lines() ==
          std::vector{f.warning("pcre", "6: ignoring obsolete flag \"X\""),
                      f.warning("pcre", "10: error in regex at offset 1: missing closing "
                                        "parenthesis: skipping this rule")});
    CHECK(table->find("ab") == found("blanks"));
    CHECK(table->find("bc") == found("anchored"));
    CHECK(table->find("xb") == found("not much"));
    CHECK(table->find("c\n") == found("not much"));
    CHECK(table->find("cd") == found("one line"));
    CHECK(table->find("d") == found("very end"));
    CHECK(table->find("d\n") == found("not much"));
    CHECK(table->find("eee") == found("few e"));
    CHECK(table->find("f") == found("extra"));
    CHECK(table->find("gh") == found("ahead"));
    CHECK(table->find("gi") == found("not much"));
    f.lines.clear();
    CHECK(table->find(std::string(60, 'i') + "x") == missing); // neither with "!" nor without
    CHECK(f.lines.lines() == std::vector{f.warning("pcre", "8: match limit exceeded"),
                                         f.warning("pcre", "9: match limit exceeded")});
}

TEST_CASE("a pattern table may be written in place of its file") {
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("regexp:{{/a{2}/ x y}, { !/b/  z }}", {}, log);
    CHECK(lines.lines().empty());
    CHECK(table->find("aa") == found("x y"));
    CHECK(table->find("c") == found("z"));
    CHECK(table->find("b") == missing);
    for (const auto* name : {"{/a/ x}", "{{/a/ x}", "{{/a/ x}y}", "{{/a/ x}}y"}) {
        CAPTURE(name);
        lines.clear();
        CHECK(open_lookup_table(std::string("regexp:") + name, {}, log)->find("a").outcome ==
              lookup_result::status::failed);
        CHECK(lines.lines().at(0).find("error: regexp map: ") == 0);
    }
}

TEST_CASE("a pattern table without its file is unavailable") {
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("regexp:/nonexistent/t", {}, log);
    CHECK(lines.lines() ==
          std::vector<std::string>{"error: open /nonexistent/t: No such file or directory"});
    CHECK(table->files() == std::vector<std::string>{"/nonexistent/t"});
}
