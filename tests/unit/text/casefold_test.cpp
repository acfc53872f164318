#include "catch.hpp"

#include "postfix_proto/casefold.hpp"

using postfix_proto::casefold;

TEST_CASE("casefold lowers ASCII always and everything else only in UTF-8 mode") {
    struct row {
        std::string name, text, ascii, utf8;
    };
    const auto row = GENERATE(values<struct row>({
        {"empty", "", "", ""},
        {"letters", "AbcXYZ", "abcxyz", "abcxyz"},
        {"neighbours of letters", "@[`{", "@[`{", "@[`{"},
        {"NUL kept", std::string("A\0B", 3), std::string("a\0b", 3), std::string("a\0b", 3)},
        {"umlaut", "B\xc3\x9c", "b\xc3\x9c", "b\xc3\xbc"},
        {"sharp s grows", "\xc3\x9f", "\xc3\x9f", "ss"},
        {"grows beyond the input", "\xce\x90\xce\x90", "\xce\x90\xce\x90",
         "\xce\xb9\xcc\x88\xcc\x81\xce\xb9\xcc\x88\xcc\x81"},
        {"shrinks", "\xe2\x84\xaa", "\xe2\x84\xaa", "k"},
        {"no Turkic dot", "I\xc3\xa9", "i\xc3\xa9", "i\xc3\xa9"},
        {"malformed", "A\xc3\x9c\xff", "a\xc3\x9c\xff", "a\xc3\x9c\xff"},
    }));
    CAPTURE(row.name);
    CHECK(casefold(row.text, false) == row.ascii);
    CHECK(casefold(row.text, true) == row.utf8);
}
