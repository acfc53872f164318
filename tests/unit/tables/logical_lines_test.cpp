#include "catch.hpp"

#include "postfix_proto/logical_lines.hpp"
#include "recording_sink.hpp"

using namespace postfix_proto;

namespace Catch {
template <>
struct StringMaker<logical_line> {
    static std::string convert(const logical_line& line) {
        return std::to_string(line.number) + ": " + line.text;
    }
};
} // namespace Catch

TEST_CASE("split_logical_lines joins continuations and skips comments and blanks") {
    struct row {
        std::string name, text;
        std::vector<logical_line> lines;
    };
    const auto row = GENERATE(values<struct row>({
        {"empty", "", {}},
        {"one line", "a b\n", {{1, "a b"}}},
        {"no newline at the end", "a b", {{1, "a b"}}},
        {"two lines", "a\nb\n", {{1, "a"}, {2, "b"}}},
        {"continuation", "a\n b\n\tc\nd\n", {{1, "a b\tc"}, {4, "d"}}},
        {"comments and blanks", "# x\n\n  \n a # is a line?\n", {}},
        {"comment between", "a\n# x\n b\n", {{1, "a b"}}},
        {"indented comment between", "a\n  # x\n b\n", {{1, "a b"}}},
        {"blank between", "a\n\n \n b\n", {{1, "a b"}}},
        {"comment, then a new line", "a\n# x\nb\n", {{1, "a"}, {3, "b"}}},
        {"number of the first line", "\n# x\na\n b\nc\n", {{3, "a b"}, {5, "c"}}},
        {"# inside a line", "a # b\n", {{1, "a # b"}}},
        {"carriage returns stay", "a\r\n b\r\n", {{1, "a\r b\r"}}},
    }));
    CAPTURE(row.name);
    recorded_log lines;
    logger log(lines.sink());
    CHECK(split_logical_lines(row.text, "/file", log) == row.lines);
}

TEST_CASE("split_logical_lines warns once of text that continues nothing") {
    recorded_log lines;
    logger log(lines.sink());
    const auto result = split_logical_lines(
        "# x\n lost text that is longer than that\n also lost\nkept\n", "/f", log);
    CHECK(result == std::vector<logical_line>{{4, "kept"}});
    CHECK(lines.lines() ==
          std::vector<std::string>{"warning: /f, line 2: white space before the first line of an "
                                   "entry: \" lost text that is longer than...\""});
}
