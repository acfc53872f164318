#include "catch.hpp"

#include "postfix_proto/brace_syntax.hpp"

#include <vector>

using namespace postfix_proto;

namespace {

std::vector<std::string> all_items(std::string_view list) {
    std::vector<std::string> items;
    while (const auto item = next_item(list))
        items.emplace_back(*item);
    CHECK(list.empty());
    return items;
}

} // namespace

TEST_CASE("next_item parts a list at commas and blanks outside of braces") {
    struct row {
        std::string list;
        std::vector<std::string> items;
    };
    const auto row = GENERATE(values<struct row>({
        {"", {}},
        {" ,\t\r\n,", {}},
        {"a", {"a"}},
        {"a b,c\td\ne\rf", {"a", "b", "c", "d", "e", "f"}},
        {",, a ,, b ,,", {"a", "b"}},
        {"a\vb\fc", {"a\vb\fc"}}, // white space, but not to lists
        {"inline:{a=b, c=d} e", {"inline:{a=b, c=d}", "e"}},
        {"{a {b c} d} e", {"{a {b c} d}", "e"}},
        {"{a b", {"{a b"}},
        {"a} b", {"a}", "b"}},
        {"{a}}, b", {"{a}}", "b"}},
        {"!a !", {"!a", "!"}},
    }));
    CAPTURE(row.list);
    CHECK(all_items(row.list) == row.items);
}

TEST_CASE("braced_length counts up to the matching brace") {
    CHECK(braced_length("") == 0);
    CHECK(braced_length("a{}") == 0);
    CHECK(braced_length("{") == 0);
    CHECK(braced_length("{{}") == 0);
    CHECK(braced_length("{}") == 2);
    CHECK(braced_length("{}}") == 2);
    CHECK(braced_length("{a{b}c}d") == 7);
}

TEST_CASE("strip_braces takes braces and blanks off, and nothing else may follow") {
    CHECK(*strip_braces("{ a value }") == "a value");
    CHECK(*strip_braces("{}") == "");
    CHECK(*strip_braces("{{a}}") == "{a}");
    CHECK(strip_braces("a").error() == "no '{' at the start of \"a\"");
    CHECK(strip_braces("{a").error() == "no '}' closes \"{a\"");
    CHECK(strip_braces("{a}b").error() == "text after the '}' in \"{a}b\"");
}

TEST_CASE("trim takes all six kinds of white space off both ends") {
    CHECK(trim(" \t\n\v\f\ra b \t\n\v\f\r") == "a b");
    CHECK(trim("  ") == "");
    CHECK(trim("") == "");
    CHECK(trim("\xa0") == "\xa0");
}

TEST_CASE("lines are taken one by one, the last also without its newline") {
    std::string_view text = "a\n\nb";
    std::vector<std::string_view> lines;
    while (!text.empty())
        lines.push_back(postfix_proto::take_line(text));
    CHECK(lines == std::vector<std::string_view>{"a", "", "b"});
    CHECK(postfix_proto::take_line(text).empty());
}
