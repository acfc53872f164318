#include "catch.hpp"

#include "postfix_proto/log.hpp"

using postfix_proto::printable;

TEST_CASE("printable masks control and malformed bytes, keeps UTF-8") {
    struct row {
        std::string in, out;
    };
    const auto row = GENERATE(values<struct row>({
        {"plain text", "plain text"},
        {"tab\tnewline\n", "tab?newline?"},
        {std::string("nul\0!", 5), "nul?!"},
        {"d\xc3\xa9j\xc3\xa0", "d\xc3\xa9j\xc3\xa0"},
        {"cut \xc3", "cut ?"},
        {"overlong \xc0\xaf", "overlong ??"},
        {"overlong \xe0\x80\xaf", "overlong ???"},
        {"surrogate \xed\xa0\x80", "surrogate ???"},
        {"C1 \xc2\x9b", "C1 ??"},
        {"beyond \xf4\x90\x80\x80", "beyond ????"},
        {"\xf0\x9f\x93\xac", "\xf0\x9f\x93\xac"},
    }));
    CHECK(printable(row.in) == row.out);
}
