#include "catch.hpp"

#include "recording_sink.hpp"
#include "tables/cidr_table.hpp"
#include "temporary_directory.hpp"

using namespace postfix_proto;

namespace {

const std::string none; // no rule has an empty result

/// What a table of these lines finds; the empty text where it finds nothing.
std::string ask(const std::string& text, const std::string& key) {
    const temporary_directory dir;
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("cidr:" + dir.write("t", text), {}, log);
    CHECK(lines.lines().empty());
    const auto result = table->find(key);
    CHECK(result.outcome != lookup_result::status::failed);
    return result.text;
}

} // namespace

TEST_CASE("a cidr table finds the addresses in a block") {
    struct row {
        std::string pattern, key;
        bool matches;
    };
    const auto row = GENERATE(values<struct row>({
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "[192.0.2.1]", false}, // how a domain list gets to see an address
        {"192.0.2.1", "example.com", false},
        {"192.0.2.1", "", false},
        {"192.0.2.1", "192.0.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", false},
        {"192.0.2.0/24", "192.0.2.0", true},
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "::1", false},
        {"192.0.2.7/32", "192.0.2.7", true},
        {"[192.0.2.0]/24", "192.0.2.9", true},
        {"[192.0.2.0/24]", "192.0.2.9", true},
        {"[192.0.2.9]", "192.0.2.9", true},
        {"2001:db8::/32", "2001:DB8:1::1", true},
        {"2001:db8::/32", "2001:db9::1", false},
        {"2001:db8::1", "2001:db8:0:0::1", true},
        {"::/0", "2001:db8::1", true},
        {"::/0", "192.0.2.1", false},
        {"!192.0.2.0/24", "192.0.2.1", false},
        {"!192.0.2.0/24", "192.0.3.1", true},
        {"!192.0.2.0/24", "2001:db8::1", false},
        {"! !192.0.2.0/24", "192.0.2.1", true},
    }));
    CAPTURE(row.pattern, row.key);
    CHECK(ask(row.pattern + " found  it \n", row.key) == (row.matches ? "found  it" : none));
}

TEST_CASE("the first line of a cidr table that matches decides, and blocks may be skipped") {
    const std::string text = "192.0.2.1 one\n"
                             "if 192.0.2.0/24\n"
                             "IF !192.0.2.128/25\n"
                             "0.0.0.0/0 lower\n"
                             "endif\n"
                             "192.0.2.200 inner\n"
                             "EndIf\n"
                             "192.0.2.0/24\n  upper\n"
                             "if 2001:db8::/32\n"
                             "::/0 six\n";
    // The last line has no endif, which is worth a warning.
    const temporary_directory dir;
    recorded_log lines;
    logger log(lines.sink());
    const std::string path = dir.write("t", text);
    const auto table = open_lookup_table("cidr:" + path, {}, log);
    CHECK(lines.lines() == std::vector<std::string>{"warning: cidr map " + path +
                                                    ", line 10: IF has no matching ENDIF"});
    CHECK_FALSE(table->keys_are_fixed());
    CHECK(table->files() == std::vector{path});
    const auto find = [&](const char* key) { return table->find(key).text; };
    CHECK(find("192.0.2.1") == "one");
    CHECK(find("192.0.2.2") == "lower");
    CHECK(find("192.0.2.200") == "inner");
    CHECK(find("192.0.2.201") == "upper");
    CHECK(find("192.0.3.1") == none);
    CHECK(find("2001:db8::1") == "six");
    CHECK(find("2001:db9::1") == none);
}

TEST_CASE("a line of a cidr table out of shape is skipped with a warning") {
    struct row {
        std::string line, why;
    };
    const auto row = GENERATE(values<struct row>({
        {"192.0.2.1", "no lookup result"},
        {"!", "no address pattern"},
        {"example.com x", "bad address pattern: \"example.com\""},
        {"192.0.2.0/ x", "bad mask value in \"192.0.2.0/\""},
        {"192.0.2.0/2a x", "bad mask value in \"192.0.2.0/2a\""},
        {"192.0.2.0/33 x", "bad mask length in \"192.0.2.0/33\""},
        {"192.0.2.0/99999999999999 x", "bad mask length in \"192.0.2.0/99999999999999\""},
        {"2001:db8::/129 x", "bad mask length in \"2001:db8::/129\""},
        {"192.0.2/24 x", "bad network value in \"192.0.2/24\""},
        {"192.0.2.1/24 x",
         "host bits are set in \"192.0.2.1/24\"; perhaps \"192.0.2.0/24\" is meant"},
        {"[192.0.2.1 x", "no ']' after \"[192.0.2.1\""},
        {"[192.0.2.1]x y", "garbage after \"[192.0.2.1]\""},
        {"if", "no address pattern"},
        {"if x", "bad address pattern: \"x\""},
        {"endif", "ENDIF without IF"},
        {"endif x", "garbage after ENDIF"},
        {"ifx y", "bad address pattern: \"ifx\""},
    }));
    CAPTURE(row.line);
    const temporary_directory dir;
    recorded_log lines;
    logger log(lines.sink());
    const std::string path = dir.write("t", row.line + "\n198.51.100.1 rest\n");
    const auto table = open_lookup_table("cidr:" + path, {}, log);
    CHECK(lines.lines() == std::vector<std::string>{"warning: cidr map " + path + ", line 1: " +
                                                    row.why + ": skipping this rule"});
    CHECK(table->find("192.0.2.1") == lookup_result::not_found());
    CHECK(table->find("198.51.100.1") == lookup_result::found("rest"));
}

TEST_CASE("a cidr table may be written in place of its file, and is unavailable without one") {
    recorded_log lines;
    logger log(lines.sink());
    const auto table = open_lookup_table("cidr:{{192.0.2.1 x}, { 192.0.2.2 y }}", {}, log);
    CHECK(lines.lines().empty());
    CHECK(table->find("192.0.2.2") == lookup_result::found("y"));
    CHECK(table->files().empty());
    CHECK(open_lookup_table("cidr:/nonexistent/t", {}, log)->files() ==
          std::vector<std::string>{"/nonexistent/t"});
    CHECK(lines.lines() ==
          std::vector<std::string>{"error: open /nonexistent/t: No such file or directory"});
    lines.clear();
    CHECK(open_lookup_table("cidr:{192.0.2.1 x}", {}, log)->find("192.0.2.1").outcome ==
          lookup_result::status::failed);
    CHECK(lines.lines().size() == 2);
}
