#include "catch.hpp"

#include "postfix_proto/mail_version.hpp"

#include <string>

using postfix_proto::mail_version;
using postfix_proto::parse_mail_version;

TEST_CASE("mail_version is read from releases and snapshots") {
    CHECK(parse_mail_version("3.7.11") == mail_version{3, 7});
    CHECK(parse_mail_version("3.12-20260821") == mail_version{3, 12});
    CHECK(parse_mail_version("3.9.0-RC1") == mail_version{3, 9});
    CHECK(parse_mail_version("2.11.0") == mail_version{2, 11});
    CHECK(parse_mail_version("3.6") == mail_version{3, 6});
}

TEST_CASE("mail_version is refused where it is not one") {
    const auto text = GENERATE(values<std::string>(
        {"", "3", "3.", ".7", "3-7", "3.x", "3.7x", "-3.7", "3.-7", " 3.7", "99999999999.1"}));
    CAPTURE(text);
    CHECK_FALSE(parse_mail_version(text));
}

TEST_CASE("mail_version compares by number, not by text") {
    CHECK(mail_version{3, 12} > mail_version{3, 6});
    CHECK(mail_version{3, 5} < mail_version{3, 10});
    CHECK(mail_version{4, 0} > mail_version{3, 99});
}
