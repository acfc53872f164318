#include "catch.hpp"

#include "postfix_proto/domain_list.hpp"
#include "postfix_proto/errors.hpp"
#include "recording_sink.hpp"
#include "temporary_directory.hpp"

#ifdef POSTFIX_PROTO_HAVE_BerkeleyDB
#include "berkeley_db_writer.hpp"
#endif

using namespace postfix_proto;

namespace {

constexpr auto yes = match_result::matched;
constexpr auto no = match_result::not_matched;
constexpr auto failed = match_result::failed;

constexpr std::string_view parameter = "fast_flush_domains";

} // namespace

TEST_CASE("the ETRN arguments that stock accepts by $relay_domains are eligible, others are not") {
    recorded_log lines;
    logger log(lines.sink());
    domain_list::options options;
    options.match_parents = true;
    domain_list list(parameter, "customer.tld, other.customer.tld", options, log);
    struct row {
        std::string domain;
        match_result result;
    };
    const row rows[] = {
        {"customer.tld", yes},
        {"CUSTOMER.TLD", yes},
        {"sub.customer.tld", yes},
        {"other.customer.tld", yes},
        {"not.a.customer.domain", no},
        {"notcustomer.tld", no},
        {"tld", no},
        {"[127.0.0.1]", no},
        {"foo", no},
    };
    for (const auto& [domain, result] : rows) {
        CAPTURE(domain);
        CHECK(list.match(domain) == result);
    }
    domain_list nothing(parameter, "", options, log);
    CHECK(nothing.match("customer.tld") == no);
    CHECK(lines.lines().empty());
}

TEST_CASE("an address literal matches the item that is the same") {
    recorded_log lines;
    logger log(lines.sink());
    domain_list::options options;
    options.match_parents = GENERATE(false, true);
    domain_list list(parameter, "[192.0.2.1] [IPv6:2001:db8::1]", options, log);
    CHECK(list.match("[192.0.2.1]") == yes);
    CHECK(list.match("[ipv6:2001:DB8::1]") == yes);
    CHECK(list.match("[192.0.2.11]") == no);
    CHECK(list.match("192.0.2.1") == no);
    CHECK(list.match("[IPv6:2001:db8:0::1]") == no); // text, not addresses, is compared
}

#ifdef POSTFIX_PROTO_HAVE_BerkeleyDB
TEST_CASE("parents are asked of a database in the form of the style") {
    const temporary_directory dir;
    write_berkeley_db(dir.file("relay.db"), DB_HASH, {{"a.tld", "OK"}, {".b.tld", "OK"}});
    recorded_log lines;
    logger log(lines.sink());
    domain_list::options options;
    const std::string value = "hash:" + dir.file("relay");
    SECTION("parent domains match") {
        options.match_parents = true;
        domain_list list(parameter, value, options, log);
        CHECK(list.match("a.tld") == yes);
        CHECK(list.match("x.y.A.tld") == yes);
        CHECK(list.match("b.tld") == no);
        CHECK(list.match("x.b.tld") == no);
        CHECK(list.files() == std::vector{dir.file("relay.db")});
    }
    SECTION("only a dot matches what is below") {
        domain_list list(parameter, value, options, log);
        CHECK(list.match("a.tld") == yes);
        CHECK(list.match("x.a.tld") == no);
        CHECK(list.match("b.tld") == no);
        CHECK(list.match("x.b.tld") == yes);
        CHECK(list.match("x.y.b.tld") == yes);
    }
    CHECK(lines.lines().empty());
}
#endif

TEST_CASE("a broken table fails the domains that reach it, and only those") {
    const temporary_directory dir;
    dir.write("broken", "a b\na c\n"); // a key comes twice
    recorded_log lines;
    logger log(lines.sink());
    domain_list::options options;
    options.match_parents = true;
    domain_list list(parameter, "a.tld, !b.tld, texthash:" + dir.file("broken") + ", c.tld",
                     options, log);
    CHECK(lines.lines().size() == 1);
    CHECK(list.match("x.a.tld") == yes);
    CHECK(list.match("b.tld") == no);
    CHECK(lines.lines().size() == 1);
    CHECK(list.match("c.tld") == failed);
    CHECK(lines.contains("warning: fast_flush_domains: texthash:" + dir.file("broken") +
                         ": table lookup problem"));
    options.open_error_is_fatal = true;
    CHECK_THROWS_AS(domain_list(parameter, "texthash:" + dir.file("broken"), options, log),
                    startup_error);
}

TEST_CASE("UTF-8 domains are folded and looked up as the list has them") {
    recorded_log lines;
    logger log(lines.sink());
    domain_list::options options;
    options.utf8 = true;
    domain_list list(parameter,
                     "B\xc3\x9c"
                     "CHER.tld inline:{stra\xc3\x9f"
                     "e.tld=x, strasse.tld=x}",
                     options, log);
    CHECK(list.match("b\xc3\xbc"
                     "cher.tld") == yes);
    CHECK(list.match("Stra\xc3\x9f"
                     "e.tld") == yes);
    CHECK(lines.lines().empty());
    CHECK(list.match("bad\xff.tld") == no);
    CHECK(lines.contains("malformed UTF-8"));
}

TEST_CASE("parent_style_includes finds a parameter's name in a plain list") {
    struct row {
        std::string value, name;
        bool included;
    };
    const auto row = GENERATE(values<struct row>({
        {"debug_peer_list,fast_flush_domains,mynetworks", "fast_flush_domains", true},
        {"debug_peer_list,\n\tFast_Flush_Domains", "fast_flush_domains", true},
        {"", "fast_flush_domains", false},
        {"fast_flush_domain", "fast_flush_domains", false},
        {"fast_flush_domains_", "fast_flush_domains", false},
        {"x.fast_flush_domains", "fast_flush_domains", false},
        {"domains", "fast_flush.domains", false}, // names, not domains
        {"!fast_flush_domains static:all", "fast_flush_domains", false},
        {"!relay_domains static:all", "fast_flush_domains", true},
    }));
    CAPTURE(row.value, row.name);
    CHECK(parent_style_includes(row.value, row.name) == row.included);
}

TEST_CASE("parent_style_includes ends the start where stock does") {
    CHECK_THROWS_AS(parent_style_includes("!", "a"), startup_error);
    CHECK_THROWS_AS(parent_style_includes("hash:/nonexistent/t", "a"), startup_error);
    CHECK_THROWS_AS(parent_style_includes("/nonexistent/t", "a"), startup_error);
}
