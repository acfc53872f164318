#include "catch.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/match_list.hpp"
#include "recording_sink.hpp"
#include "temporary_directory.hpp"

#include <unistd.h>

using namespace postfix_proto;

namespace {

using style = match_list::style;

constexpr auto yes = match_result::matched;
constexpr auto no = match_result::not_matched;
constexpr auto failed = match_result::failed;

/// Most lists are asked once or twice.
match_result ask(const std::string& value, const std::string& name, style how = style::exact) {
    recorded_log lines;
    logger log(lines.sink());
    match_list list("some_list", value, how, {}, log);
    const match_result result = list.match(name);
    CHECK(lines.lines().empty());
    return result;
}

} // namespace

TEST_CASE("the first item that matches decides") {
    struct row {
        std::string value, name;
        match_result result;
    };
    const auto row = GENERATE(values<struct row>({
        {"", "a", no},
        {" , ", "a", no},
        {"", "", no},
        {"a", "a", yes},
        {"a", "b", no},
        {"a", "", no},
        {"a", "aa", no},
        {"b, a", "a", yes},
        {"b\ta\r\n", "a", yes},
        {"!a", "a", no},
        {"!a", "b", no}, // nothing says that the others are in
        {"!a, a", "a", no},
        {"a, !a", "a", yes},
        {"!!a", "a", yes},
        {"!!!a", "a", no},
        {"!a static:x", "a", no},
        {"!a static:x", "b", yes},
        {"!static:x a", "a", no},
        {"inline:{a=1, b=2}", "b", yes},
        {"inline:{a=1, b=}", "b", yes}, // the value does not matter
        {"inline:{a=1, b=2}", "c", no},
        {"!inline:{a=1, b=2} static:x", "b", no},
        {"{a b}", "a", no}, // braces protect; they do not group
        {"{a b}", "{a b}", yes},
        {"[127.0.0.1]", "[127.0.0.1]", yes},
        {"[127.0.0.1]", "127.0.0.1", no},
        {"[IPv6:2001:db8::1]", "[ipv6:2001:DB8::1]", yes},
        {"![ipv6:::1], static:x", "[IPv6:::1]", no},
        {"a#b", "a#b", yes},
    }));
    CAPTURE(row.value, row.name);
    CHECK(ask(row.value, row.name) == row.result);
}

TEST_CASE("patterns and names are compared without regard to case") {
    CHECK(ask("EXAMPLE.com", "example.COM") == yes);
    CHECK(ask("inline:{example.com=x}", "Example.Com") == yes);
    CHECK(ask("inline:{Example.com=x}", "Example.com") == no); // tables hold folded keys
    CHECK(ask("B\xc3\x9c", "b\xc3\xbc") == no);

    recorded_log lines;
    logger log(lines.sink());
    open_options options;
    options.utf8 = true;
    match_list list("some_list", "B\xc3\x9c", style::exact, options, log);
    CHECK(list.match("b\xc3\xbc") == yes);
    CHECK(list.match("b\xc3") == no);
}

TEST_CASE("the styles differ in what is below a pattern") {
    struct row {
        std::string pattern, name;
        match_result exact, dot, parent;
    };
    const auto row = GENERATE(values<struct row>({
        {"example.com", "example.com", yes, yes, yes},
        {"example.com", "a.example.com", no, no, yes},
        {"example.com", "b.a.example.com", no, no, yes},
        {"example.com", "anexample.com", no, no, no},
        {"example.com", "com", no, no, no},
        {"example.com", ".example.com", no, no, yes},
        {"example.com", "example.com.", no, no, no},
        {".example.com", "example.com", no, no, no},
        {".example.com", "a.example.com", no, yes, no},
        {".example.com", "b.a.example.com", no, yes, no},
        {".example.com", ".example.com", yes, yes, yes},
        {".example.com", "a..example.com", no, yes, yes},
        {"com", "a.example.com", no, no, yes},
        {".", "a.", no, yes, no},
        {"inline:{example.com=x}", "example.com", yes, yes, yes},
        {"inline:{example.com=x}", "b.a.example.com", no, no, yes},
        {"inline:{.example.com=x}", "b.a.example.com", no, yes, no},
        {"inline:{.example.com=x}", "example.com", no, no, no},
        {"inline:{.example.com=x}", ".example.com", yes, yes, yes},
        {"inline:{com=x}", "a.example.com", no, no, yes},
        {"inline:{.com=x}", "a.example.com", no, yes, no},
        {"inline:{nexample.com=x}", "example.com", no, no, no},
    }));
    CAPTURE(row.pattern, row.name);
    CHECK(ask(row.pattern, row.name, style::exact) == row.exact);
    CHECK(ask(row.pattern, row.name, style::dot_matches_below) == row.dot);
    CHECK(ask(row.pattern, row.name, style::parent_matches_below) == row.parent);
}

TEST_CASE("a '!' without a pattern ends the start") {
    recorded_log lines;
    logger log(lines.sink());
    const auto value = GENERATE(as<std::string>{}, "!", "a, !", "!! b", "!,a");
    CAPTURE(value);
    CHECK_THROWS_AS(match_list("some_list", value, style::exact, {}, log), startup_error);
    CHECK_THROWS_WITH(match_list("some_list", value, style::exact, {}, log),
                      "some_list: nothing follows a '!'");
}

TEST_CASE("a comment after items ends the list with a warning") {
    recorded_log lines;
    logger log(lines.sink());
    match_list list("some_list", "a, #b, c d ", style::exact, {}, log);
    CHECK(lines.lines() ==
          std::vector<std::string>{
              "warning: some_list: comment at the end of a line is not supported: #b , c d"});
    CHECK(list.match("a") == yes);
    CHECK(list.match("#b") == no);
    CHECK(list.match("c") == no);
}

TEST_CASE("a file stands for its items") {
    const temporary_directory dir;
    const std::string inner = dir.write("inner", "i1\n!i2\n");
    const std::string file = dir.write("list", "# comment, a\n"
                                               "one, two\n"
                                               "  three\n"
                                               "\n"
                                               "!four\n"
                                               "#!five\n" +
                                                   inner + "\n!inline:{t=x}\nlast");
    recorded_log lines;
    logger log(lines.sink());
    match_list list("some_list", "zero " + file + " end", style::exact, {}, log);
    for (const auto* name : {"zero", "one", "two", "three", "i1", "last", "end"}) {
        CAPTURE(name);
        CHECK(list.match(name) == yes);
    }
    for (const auto* name : {"four", "five", "comment", "a", "i2", "t", "#"}) {
        CAPTURE(name);
        CHECK(list.match(name) == no);
    }
    CHECK(list.files() == std::vector{inner, file});

    match_list opposite("some_list", "!" + file + " static:all", style::exact, {}, log);
    for (const auto* name : {"one", "two", "three", "i1", "last"}) {
        CAPTURE(name);
        CHECK(opposite.match(name) == no);
    }
    for (const auto* name : {"four", "i2", "t", "five", "other"}) {
        CAPTURE(name);
        CHECK(opposite.match(name) == yes);
    }
    CHECK(lines.lines().empty());
}

TEST_CASE("since Postfix 3.8 a file has logical lines") {
    const temporary_directory dir;
    const std::string file = dir.write("list", " zero\n"
                                               "one # first\n"
                                               "\n"
                                               "# between, two\n"
                                               "  three\n"
                                               "four,\n"
                                               "  # indented\n"
                                               "  !five\n"
                                               "si\n"
                                               "  x\n");
    recorded_log lines;
    logger log(lines.sink());
    match_list list("some_list", file, style::exact, {}, log);
    CHECK(lines.lines() ==
          std::vector<std::string>{
              "warning: " + file +
                  ", line 1: white space before the first line of an entry: \" zero\"",
              "warning: some_list: comment at the end of a line is not supported: # first  three"});
    for (const auto* name : {"one", "four", "si", "x"}) {
        CAPTURE(name);
        CHECK(list.match(name) == yes);
    }
    for (const auto* name :
         {"zero", "first", "between", "two", "three", "indented", "five", "six"}) {
        CAPTURE(name);
        CHECK(list.match(name) == no);
    }
}

TEST_CASE("up to Postfix 3.7 a comment after items in a file spoils that line only") {
    const temporary_directory dir;
    const std::string file = dir.write("list", "one # first\n # indented\ntwo\n");
    recorded_log lines;
    logger log(lines.sink());
    open_options options;
    options.joins_list_lines = false;
    match_list list("some_list", file, style::exact, options, log);
    CHECK(lines.lines() ==
          std::vector<std::string>{
              "warning: some_list: comment at the end of a line is not supported: # first",
              "warning: some_list: comment at the end of a line is not supported: # indented"});
    CHECK(list.match("one") == yes);
    CHECK(list.match("two") == yes);
    CHECK(list.match("first") == no);
}

TEST_CASE("a file that cannot be read fails the names that get that far") {
    const temporary_directory dir;
    const std::pair<std::string, std::string> rows[] = {
        {dir.file("absent"), "No such file or directory"},
        {dir.path().string(), "Is a directory"},
    };
    const std::string bang = GENERATE("", "!");
    for (const auto& [path, why] : rows) {
        recorded_log lines;
        logger log(lines.sink());
        match_list list("some_list", "a " + bang + path + " b", style::exact, {}, log);
        const std::string reason = "open file " + path + ": " + why;
        CHECK(lines.lines() == std::vector<std::string>{"error: " + reason});
        CHECK(list.files() == std::vector{path});
        lines.clear();
        CHECK(list.match("a") == yes);
        CHECK(lines.lines().empty());
        CHECK(list.match("b") == failed);
        CHECK(lines.lines() == std::vector<std::string>{"warning: non-existent:" + path +
                                                            " is unavailable. " + reason,
                                                        "warning: some_list: non-existent:" + path +
                                                            ": table lookup problem: " + reason});
    }
}

TEST_CASE("a table that cannot be opened fails the names that get that far") {
    recorded_log lines;
    logger log(lines.sink());
    match_list list("some_list", "a !b texthash:/nonexistent/t c", style::parent_matches_below, {},
                    log);
    const std::string reason = "open database /nonexistent/t: No such file or directory";
    CHECK(lines.lines() == std::vector<std::string>{"error: " + reason});
    CHECK(list.files() == std::vector<std::string>{"/nonexistent/t"});
    lines.clear();
    CHECK(list.match("x.a") == yes);
    CHECK(list.match("b") == no);
    CHECK(lines.lines().empty());
    CHECK(list.match("x.y.c") == failed);
    CHECK(lines.lines().size() == 2); // asked once: not for every parent as well
    CHECK(lines.lines()[1] ==
          "warning: some_list: texthash:/nonexistent/t: table lookup problem: " + reason);
}

TEST_CASE("what cannot be opened ends the start when that is asked for") {
    recorded_log lines;
    logger log(lines.sink());
    open_options options;
    options.open_error_is_fatal = true;
    CHECK_THROWS_AS(match_list("l", "hash:/nonexistent/t", style::exact, options, log),
                    startup_error);
    CHECK_THROWS_WITH(match_list("l", "a /nonexistent/f", style::exact, options, log),
                      "open file /nonexistent/f: No such file or directory");
}

TEST_CASE("a file that names itself is an error and not the end") {
    const temporary_directory dir;
    recorded_log lines;
    logger log(lines.sink());
    SECTION("directly") {
        const std::string file = dir.file("f");
        dir.write("f", "a\n" + file + "\n" + file + "\nb\n");
        match_list list("some_list", file, style::exact, {}, log);
        const std::string error = "error: open file " + file + ": the file names itself";
        CHECK(lines.lines() == std::vector{error, error});
        CHECK(list.match("a") == yes);
        CHECK(list.match("b") == failed);
        CHECK(list.files() == std::vector{file});
    }
    SECTION("through another one, and by another name") {
        const std::string link = dir.file("link");
        dir.write("f", "a " + dir.file("g"));
        dir.write("g", link);
        REQUIRE(::symlink("f", link.c_str()) == 0);
        match_list list("some_list", dir.file("f"), style::exact, {}, log);
        CHECK(lines.lines() == std::vector{"error: open file " + link + ": the file names itself"});
        CHECK(list.match("a") == yes);
        CHECK(list.match("b") == failed);
        CHECK(list.files() == std::vector{dir.file("f"), dir.file("g"), link});
    }
}

TEST_CASE("the same file twice in a row does not name itself") {
    const temporary_directory dir;
    const std::string file = dir.write("f", "a\n");
    recorded_log lines;
    logger log(lines.sink());
    match_list list("some_list", file + " !" + file, style::exact, {}, log);
    CHECK(lines.lines().empty());
    CHECK(list.match("a") == yes);
    CHECK(list.files() == std::vector{file});
}

TEST_CASE("files may name files to a bounded depth") {
    const temporary_directory dir;
    const std::size_t deepest = match_list::max_file_depth;
    for (std::size_t i = 1; i <= deepest; ++i)
        dir.write(std::to_string(i), i < deepest ? dir.file(std::to_string(i + 1)) : "found");
    recorded_log lines;
    logger log(lines.sink());
    CHECK(match_list("l", dir.file("1"), style::exact, {}, log).match("found") == yes);
    CHECK(lines.lines().empty());

    dir.write("0", dir.file("1"));
    match_list too_deep("l", dir.file("0"), style::exact, {}, log);
    CHECK(lines.lines() ==
          std::vector<std::string>{"error: open file " + dir.file(std::to_string(deepest)) +
                                   ": files name files more than 10 deep"});
    CHECK(too_deep.match("found") == failed);
}

TEST_CASE("files of tables and of lists are told once each") {
    const temporary_directory dir;
    const std::string text = dir.write("b.text", "x y\n");
    const std::string file = dir.write("a.list", "texthash:" + text + "\n");
    recorded_log lines;
    logger log(lines.sink());
    const match_list list("l", "texthash:" + text + " " + file + " static:x", style::exact, {},
                          log);
    CHECK(list.files() == std::vector{file, text});
}

TEST_CASE("an item that nothing matched is told under -v") {
    recorded_log lines;
    logger log(lines.sink(), 1);
    match_list list("some_list", "a", style::exact, {}, log);
    CHECK(list.match("b") == no);
    CHECK(lines.lines() == std::vector<std::string>{"match_list: some_list: b: no match"});
}
