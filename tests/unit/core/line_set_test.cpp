#include "flushd/core/line_set.hpp"

#include "catch.hpp"

#include <string>
#include <vector>

using flushd::line_set;
using flushd::take_line;

namespace {

std::vector<std::string> different_lines(const std::string& text) {
    std::vector<std::string> result;
    line_set seen(text);
    for (std::string_view rest = text; !rest.empty();) {
        const auto line = take_line(rest);
        if (seen.insert(line))
            result.emplace_back(line);
    }
    return result;
}

} // namespace

TEST_CASE("line_set finds repeated lines, not parts of lines") {
    using lines = std::vector<std::string>;
    CHECK(different_lines("").empty());
    CHECK(different_lines("A1\nA1\n") == lines{"A1"});
    CHECK(different_lines("A1\nA11\nA\n1\nA1\n") == lines{"A1", "A11", "A", "1"});
    CHECK(different_lines("A1\nB2\nA1") == lines{"A1", "B2"}); // the last line is not finished
    CHECK(different_lines("A1\nA") == lines{"A1", "A"});
    CHECK(different_lines("\n\nA1\n\n") == lines{"", "A1"});
}

TEST_CASE("line_set is exact for many lines") {
    std::string once, thrice;
    for (int i = 0; i < 20000; ++i)
        once += std::to_string(i * 7919) + '\n';
    for (int i = 0; i < 3; ++i)
        thrice += once;
    std::string result;
    for (const auto& line : different_lines(thrice))
        result += line + '\n';
    CHECK(result == once);
}

TEST_CASE("line_set knows its lines from anybody's bytes") {
    const std::string text = "A1\nB2\nC3";
    line_set seen(text);
    for (std::string_view rest = text; !rest.empty();)
        seen.insert(take_line(rest));
    for (const char* line : {"A1", "B2", "C3"})
        CHECK(seen.contains(line));
    for (const char* line : {"", "A", "A1\n", "1", "D4"})
        CHECK_FALSE(seen.contains(line));
    CHECK_FALSE(line_set("").contains("A1"));
}

TEST_CASE("line_set has room for all lines, wherever the newlines are") {
    // A table that is too small is full before the end, and the search for a place endless.
    for (std::size_t blank = 0; blank < 9; ++blank) {
        std::string text(blank, 'x');
        text += std::string(1000, '\n') + "\x8a\x0b\x09\n";
        line_set seen(text);
        std::size_t different = 0;
        for (std::string_view rest = text; !rest.empty();)
            different += seen.insert(take_line(rest)) ? 1 : 0;
        CHECK(different == (blank == 0 ? 2U : 3U));
    }
    std::string all;
    for (char c = 'a'; c <= 'z'; ++c)
        for (char d = 'a'; d <= 'z'; ++d)
            all += {c, d, '\n'};
    line_set seen(all);
    for (std::string_view rest = all; !rest.empty();)
        CHECK(seen.insert(take_line(rest)));
}
