#include "catch.hpp"

#include "flushd/core/logfile_name.hpp"

#include <string>

using flushd::logfile_name;

TEST_CASE("logfile_name names a logfile as Postfix does") {
    struct row {
        std::string site, name;
    };
    const auto row = GENERATE(values<struct row>({
        {"customer.tld", "customer_tld"},
        {"CUSTOMER.tld", "customer_tld"},
        {"a-b.tld", "a_b_tld"},
        {"a.b.tld", "a_b_tld"}, // kept quirk: shares a logfile with a-b.tld
        {"[127.0.0.1]", "_127_0_0_1_"},
        {"[IPv6:2001:db8::1]", "_ipv6_2001_db8__1_"},
        {"a", "a"},
        {"../../etc/passwd", "______etc_passwd"},
        {std::string(255, 'x'), std::string(255, 'x')},
    }));
    CAPTURE(row.site);
    const auto file = logfile_name::from_site(row.site);
    REQUIRE(file);
    CHECK(file->name() == row.name);
}

TEST_CASE("logfile_name has no name for nothing and for what does not fit") {
    CHECK_FALSE(logfile_name::from_site(""));
    CHECK_FALSE(logfile_name::from_site(std::string(256, 'x')));
    CHECK_FALSE(logfile_name::from_name("."));
    CHECK_FALSE(logfile_name::from_name(".."));
    CHECK_FALSE(logfile_name::from_name("customer.tld"));
    CHECK(logfile_name::from_name("customer_tld"));
}
