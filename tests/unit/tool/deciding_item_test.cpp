#include "catch.hpp"
#include "temporary_directory.hpp"

#include "flushd/tool/queue/deciding_item.hpp"

#include <string_view>

using namespace flushd;
using namespace flushd::tool;
using kind = list_decision::kind;

namespace {

list_decision decide(std::string_view list, std::string_view site) {
    return find_deciding_item(list, site, {});
}

void check_decision(std::string_view list, std::string_view site, kind what,
                    std::string_view item) {
    const auto found = decide(list, site);
    CAPTURE(list, site);
    CHECK(found.what == what);
    CHECK(found.item == item);
}

void check_change(std::string_view list, std::string_view site, std::string_view changed) {
    const auto result = list_including(list, site, decide(list, site));
    CHECK(result == changed);
    CHECK(decide(result, site).what == kind::includes);
}

} // namespace

TEST_CASE("the item of a list that decides is found") {
    check_decision("!big.tld, static:all", "BIG.tld", kind::excludes, "!big.tld");
    check_decision("!big.tld, static:all", "sub.big.tld", kind::excludes, "!big.tld");
    check_decision("!big.tld, static:all", "other.tld", kind::includes, "static:all");
    check_decision("a.tld !inline:{ { b.tld = x } } static:all", "b.tld", kind::excludes,
                   "!inline:{ { b.tld = x } }");
    check_decision("a.tld b.tld !a.tld", "a.tld", kind::includes, "a.tld");
    check_decision("a.tld, [127.0.0.1]", "b.tld", kind::none, "");
    check_decision("", "b.tld", kind::none, "");
    check_decision("!texthash:/nowhere/table, a.tld", "b.tld", kind::unknown, "");
    check_decision("/nowhere/file, a.tld", "b.tld", kind::unknown, "");
    check_decision("texthash:/nowhere/table, a.tld", "b.tld", kind::none, "");
    check_decision("mysql:/nowhere, a.tld", "a.tld", kind::includes, "a.tld");
}

TEST_CASE("a file's lines may exclude") {
    const temporary_directory directory;
    const auto path = directory.write("domains", "!big.tld\nsmall.tld\n");
    check_decision(path + ", static:all", "big.tld", kind::excludes, path);
    check_decision(path + ", static:all", "small.tld", kind::includes, path);
    check_decision(path + ", static:all", "other.tld", kind::includes, "static:all");
}

TEST_CASE("a list is changed so that it includes a site") {
    check_change("$relay_domains\n", "new.tld", "$relay_domains, new.tld");
    check_change("", "new.tld", "new.tld");
    check_change("!BIG.tld, static:all", "big.tld", "big.tld, static:all");
    check_change("!big.tld, static:all", "sub.big.tld", "sub.big.tld, !big.tld, static:all");
    check_change("!inline:{{b.tld=x}}, static:all", "b.tld",
                 "b.tld, !inline:{{b.tld=x}}, static:all");
    check_change("texthash:/nowhere/table", "b.tld", "texthash:/nowhere/table, b.tld");
    check_change("!texthash:/nowhere/table", "b.tld", "b.tld, !texthash:/nowhere/table");
    check_change("a.tld, static:all", "b.tld", "a.tld, static:all");
}
