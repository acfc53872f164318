#include "catch.hpp"

#include "postfix_proto/domain_name.hpp"

using postfix_proto::domain_to_ascii;
using postfix_proto::is_address_literal;
using postfix_proto::is_valid_hostname;

TEST_CASE("is_valid_hostname follows Postfix's rules") {
    const std::string label_63(63, 'a');
    const std::string name_255 = label_63 + '.' + label_63 + '.' + label_63 + '.' + label_63;
    struct row {
        std::string name;
        bool valid;
    };
    const auto row = GENERATE_COPY(values<struct row>({
        {"", false},
        {"a", true},
        {"example.com", true},
        {"EXAMPLE.Com", true},
        {"_dmarc.example.com", true},
        {"3com.com", true},
        {"1.2.3.4", false},
        {"127", false},
        {"1.2.3.4a", true},
        {"1-2", true},
        {".", false},
        {".example.com", false},
        {"example.com.", false},
        {"bad..domain", false},
        {"-a.com", false},
        {"a-.com", false},
        {"a.com-", false},
        {"a--b.com", true},
        {"-", false},
        {"user@example.com", false},
        {"#example.com", false},
        {"*.example.com", false},
        {"exa mple.com", false},
        {"[127.0.0.1]", false},
        {"caf\xc3\xa9.fr", false},
        {std::string("a\0b", 3), false},
        {label_63, true},
        {label_63 + "a", false},
        {name_255, true},
        {name_255 + ".b", false},
    }));
    CAPTURE(row.name);
    CHECK(is_valid_hostname(row.name) == row.valid);
}

TEST_CASE("is_address_literal wants brackets, the IPv6 prefix, and a whole address") {
    struct row {
        std::string text;
        bool literal;
    };
    const auto row = GENERATE(values<struct row>({
        {"[127.0.0.1]", true},
        {"[255.255.255.255]", true},
        {"[IPv6:2001:db8::1]", true},
        {"[ipv6:::1]", true},
        {"[IPV6:::ffff:192.0.2.1]", true},
        {"", false},
        {"[", false},
        {"]", false},
        {"[]", false},
        {"127.0.0.1", false},
        {"[127.0.0.1", false},
        {"127.0.0.1]", false},
        {"[127.0.0.1]x", false},
        {"[127.0.0]", false},
        {"[127.0.0.256]", false},
        {"[127.0.0.01]", false},
        {"[ 127.0.0.1]", false},
        {"[2001:db8::1]", false},
        {"[IPv6:]", false},
        {"[IPv6:127.0.0.1]", false},
        {"[IPv6:2001:db8::1%eth0]", false},
        {"[IPv4:127.0.0.1]", false},
        {"[[127.0.0.1]]", false},
        {"[example.com]", false},
        {std::string("[127.0.0.1\0]", 12), false},
        {"[" + std::string(500, '1') + "]", false},
    }));
    CAPTURE(row.text);
    CHECK(is_address_literal(row.text) == row.literal);
}

TEST_CASE("domain_to_ascii gives the form that Postfix uses, or a reason") {
    const domain_to_ascii convert;
    struct row {
        std::string domain, ascii;
    };
    const auto row = GENERATE(values<struct row>({
        {"example.com", "example.com"},
        {"EXAMPLE.Com", "example.com"},
        {"a", "a"},
        {"a_b.example.com", "a_b.example.com"},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example"},
        {"B\xc3\x9c"
         "CHER.example",
         "xn--bcher-kva.example"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"fa\xc3\x9f.de", "xn--fa-hia.de"},
        {"example\xe3\x80\x82"
         "com",
         "example.com"},
    }));
    CAPTURE(row.domain);
    const auto result = convert(row.domain);
    REQUIRE(result);
    CHECK(*result == row.ascii);
}

TEST_CASE("domain_to_ascii refuses what is not a domain") {
    const domain_to_ascii convert;
    const auto domain =
        GENERATE(as<std::string>{}, "", ".", "bad..domain", "customer.tld.", ".customer.tld",
                 "*.tld", "user@customer.tld", "[127.0.0.1]", "127.0.0.1", "xn--a.com", "-a.com",
                 "caf\xc3", "\xff", "a b.com", std::string(64, 'a') + ".com",
                 std::string(5000, 'a'), std::string("a\0b.com", 7), "ab--cd.com-");
    CAPTURE(domain);
    const auto result = convert(domain);
    REQUIRE_FALSE(result);
    CHECK(result.error().find("has no ASCII form: ") != std::string::npos);
}

TEST_CASE("domain_to_ascii names the reasons") {
    const domain_to_ascii convert;
    CHECK(convert("caf\xc3").error() == "domain \"caf\xc3\" has no ASCII form: malformed UTF-8");
    CHECK(convert("bad..domain").error() ==
          "domain \"bad..domain\" has no ASCII form: empty label");
    CHECK(convert("127.0.0.1").error() ==
          "domain \"127.0.0.1\" has no ASCII form: not a valid host name");
}

TEST_CASE("domain_to_ascii in transitional mode does what this ICU's default does") {
    const domain_to_ascii convert(domain_to_ascii::options{true});
    const auto name = *convert("fa\xc3\x9f.de");
    CHECK((name == "fass.de" || name == "xn--fa-hia.de")); // before ICU 76, and from then on
    CHECK(*convert("Example.com") == "example.com");
}
