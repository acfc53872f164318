#include "catch.hpp"

#include "flushd/tool/queue/site_names.hpp"

#include <string>
#include <string_view>

using namespace flushd;
using namespace flushd::tool;

namespace {

logfile_name name(std::string_view text) { return *logfile_name::from_name(text); }

} // namespace

TEST_CASE("a logfile goes by the sites that are listed there") {
    site_names names;
    names.add_domain_list("$mydestination, A-B.tld !no.tld /etc/file hash:/etc/table .sub.tld, "
                          "inline:{ { x.tld = y, z } } [192.0.2.1] [IPv6:2001:db8::1]");
    CHECK(names.display(name("a_b_tld")) == "a-b.tld");
    CHECK(names.display(name("sub_tld")) == "sub.tld");
    CHECK(names.display(name("no_tld")) == "no_tld");
    CHECK(names.of(name("x_tld")).empty());
    CHECK(names.display(name("_192_0_2_1_")) == "[192.0.2.1]");
    CHECK(names.display(name("_ipv6_2001_db8__1_")) == "[ipv6:2001:db8::1]");
    names.add("a.b.TLD");
    names.add("a_b_tld"); // a logfile's name
    CHECK(names.display(name("a_b_tld")) == "a-b.tld, a.b.tld");
    CHECK(names.logfile_of("customer_tld") == name("customer_tld"));
    CHECK_FALSE(names.logfile_of("bad..tld"));
    CHECK_FALSE(names.logfile_of(""));
}

TEST_CASE("the domain of a recipient is what follows the last @") {
    CHECK(domain_of("user@customer.tld") == "customer.tld");
    CHECK(domain_of("\"a@b\"@customer.tld") == "customer.tld");
    CHECK(domain_of("user@") == "");
    CHECK(domain_of("user") == "");
}

TEST_CASE("a logfile's name is told from a domain") {
    for (const char* text : {"sub_customer_tld", "_127_0_1_1_", "a_b"})
        CHECK(is_logfile_name(text));
    for (const char* text :
         {"customer.tld", "a_b.tld", "foo", "Sub_Customer_tld", "[127.0.1.1]", ""})
        CHECK_FALSE(is_logfile_name(text));
    const std::string longer_than_a_label = std::string(80, 'a') + "_tld";
    CHECK(site_names().logfile_of(longer_than_a_label) == name(longer_than_a_label));
}
