#include "catch.hpp"

#include "postfix_proto/utf8.hpp"

#include <string>

using postfix_proto::is_ascii;
using postfix_proto::is_valid_utf8;
using postfix_proto::utf8_sequence_length;

TEST_CASE("is_ascii tells the last ASCII byte from the first other one") {
    CHECK(is_ascii(""));
    CHECK(is_ascii("plain"));
    CHECK(is_ascii(std::string(1, '\0')));
    CHECK(is_ascii("\x7f"));
    CHECK_FALSE(is_ascii("\x80"));
    CHECK_FALSE(is_ascii("caf\xc3\xa9"));
}

TEST_CASE("is_valid_utf8 accepts the edges of each length and refuses their neighbours") {
    struct row {
        std::string name, text;
        bool valid;
    };
    const auto row = GENERATE(values<struct row>({
        {"empty", "", true},
        {"NUL", std::string(1, '\0'), true},
        {"U+007F", "\x7f", true},
        {"lone continuation", "\x80", false},
        {"U+0080", "\xc2\x80", true},
        {"overlong U+007F", "\xc1\xbf", false},
        {"U+07FF", "\xdf\xbf", true},
        {"two bytes cut", "\xdf", false},
        {"two bytes, ASCII tail", "\xdf(", false},
        {"U+0800", "\xe0\xa0\x80", true},
        {"overlong U+07FF", "\xe0\x9f\xbf", false},
        {"U+D7FF", "\xed\x9f\xbf", true},
        {"surrogate U+D800", "\xed\xa0\x80", false},
        {"surrogate U+DFFF", "\xed\xbf\xbf", false},
        {"U+E000", "\xee\x80\x80", true},
        {"noncharacter U+FFFF", "\xef\xbf\xbf", true},
        {"three bytes cut", "\xef\xbf", false},
        {"U+10000", "\xf0\x90\x80\x80", true},
        {"overlong U+FFFF", "\xf0\x8f\xbf\xbf", false},
        {"U+10FFFF", "\xf4\x8f\xbf\xbf", true},
        {"U+110000", "\xf4\x90\x80\x80", false},
        {"four bytes cut", "\xf4\x8f\xbf", false},
        {"lead F5", "\xf5\x80\x80\x80", false},
        {"lead FF", "\xff", false},
        {"good, then bad", "a\xc3\xa9\xc3", false},
    }));
    CAPTURE(row.name);
    CHECK(is_valid_utf8(row.text) == row.valid);
}

TEST_CASE("utf8_sequence_length measures the first sequence only") {
    CHECK(utf8_sequence_length("") == 0);
    CHECK(utf8_sequence_length("ab") == 1);
    CHECK(utf8_sequence_length("\xc3\xa9\xff") == 2);
    CHECK(utf8_sequence_length("\xe2\x82\xac!") == 3);
    CHECK(utf8_sequence_length("\xf0\x9f\x93\xac") == 4);
    CHECK(utf8_sequence_length("\xff") == 0);
}
