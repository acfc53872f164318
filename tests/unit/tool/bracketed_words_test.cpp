#include "catch.hpp"

#include "flushd/tool/bracketed_words.hpp"

#include <iterator>
#include <string>
#include <vector>

using namespace flushd::tool;

TEST_CASE("values in brackets are marked, and the mark is taken away") {
    const char* const argv[] = {
        "flushd", "send", "[192.0.2.1]", "--host=[::1],[::2]", "--host=mx", "]", "a[1]", "[a", ""};
    const auto words = with_marked_brackets(static_cast<int>(std::size(argv)), argv);
    REQUIRE(words.size() == std::size(argv) - 1);
    for (std::size_t i = 0; i < words.size(); ++i)
        if (i != 1 && i != 2)
            CHECK(words[i] == argv[i + 1]);
    CHECK(words[1].front() != '[');
    CHECK(unmarked(words[1]) == "[192.0.2.1]");
    CHECK(words[2].substr(0, 7) == "--host=");
    CHECK(unmarked(words[2].substr(7)) == "[::1],[::2]");
    CHECK(unmarked("mx") == "mx");
    CHECK(unmarked("") == "");
}
