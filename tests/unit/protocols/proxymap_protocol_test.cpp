#include "catch.hpp"

#include "postfix_proto/proxymap_protocol.hpp"

using namespace postfix_proto;
using namespace std::string_literals;

namespace {

using expected = proxymap_reply::expected;
using progress = proxymap_reply::progress;
using form = proxymap_form;

} // namespace

TEST_CASE("the installed release decides how proxymap is asked") {
    CHECK(proxymap_form_of({3, 5}) == form::table_flags);
    CHECK(proxymap_form_of({3, 10}) == form::table_flags);
    CHECK(proxymap_form_of({3, 11}) == form::instance_flags);
    CHECK(proxymap_form_of({4, 0}) == form::instance_flags);
}

TEST_CASE("proxymap requests are what stock's client sends") {
    CHECK(encode_proxymap_open("ldap:/x", form::table_flags) ==
          "request\0open\0table\0ldap:/x\0flags\0000\0\0"s);
    CHECK(encode_proxymap_lookup("ldap:/x", "a.tld", form::table_flags, 20) ==
          "request\0lookup\0table\0ldap:/x\0flags\000524352\0key\0a.tld\0\0"s);
    CHECK(encode_proxymap_open("ldap:/x", form::instance_flags) ==
          "request\0open\0table\0ldap:/x\0instance_flags\000524352\0\0"s);
    CHECK(
        encode_proxymap_lookup("ldap:/x", "a.tld", form::instance_flags, 20) ==
        "request\0lookup\0table\0ldap:/x\0instance_flags\000524352\0flags\00020\0key\0a.tld\0\0"s);
}

TEST_CASE("proxymap replies are taken apart at every split") {
    struct row {
        expected what;
        form how;
        std::string bytes;
        progress result;
        std::uint32_t status = 0;
        std::string value = {};
        std::uint32_t flags = 0;
    };
    constexpr auto old_form = form::table_flags, new_form = form::instance_flags;
    const auto row = GENERATE(values<struct row>({
        {expected::open, old_form, "protocol\0proxymap_protocol\0\0status\0000\0flags\00016\0\0"s,
         progress::complete, 0, "", 16},
        {expected::open, old_form, "protocol\0proxymap_protocol\0\0"s, progress::need_more},
        {expected::open, old_form, "protocol\0queue_flush_protocol\0\0"s, progress::malformed},
        {expected::open, old_form, "\0"s, progress::malformed},
        {expected::open, old_form, "status\0000\0flags\00016\0\0"s, progress::complete, 0, "", 16},
        {expected::open, old_form, "status\0000\0flags\00032\0\0"s, progress::complete, 0, "", 32},
        {expected::open, old_form, "status\0004\0flags\0000\0\0"s, progress::complete, 4},
        {expected::open, old_form, "status\0000\0\0"s, progress::malformed},
        {expected::open, old_form, "flags\0000\0status\0000\0\0"s, progress::malformed},
        {expected::open, old_form, "status\000x\0flags\0000\0\0"s, progress::malformed},
        {expected::open, old_form, "status\000-1\0flags\0000\0\0"s, progress::malformed},
        {expected::open, old_form, "status\000\0flags\0000\0\0"s, progress::malformed},
        {expected::lookup, old_form, "status\0000\0value\0a b\0\0"s, progress::complete, 0, "a b"},
        {expected::lookup, old_form, "status\0000\0value\0\0\0"s, progress::complete, 0, ""},
        {expected::lookup, old_form, "status\0001\0value\0\0\0"s, progress::complete, 1},
        {expected::lookup, old_form, "status\0000\0value\0x\0value\0y\0\0"s, progress::malformed},
        // The same since 3.11: a lookup's reply has flags, too.
        {expected::open, new_form,
         "protocol\0proxymap_protocol\0\0status\0000\0flags\0001573008\0\0"s, progress::complete, 0,
         "", 1573008},
        {expected::open, new_form, "status\0000\0flags\00032\0\0"s, progress::complete, 0, "", 32},
        {expected::open, new_form, "status\0003\0flags\0000\0\0"s, progress::complete, 3},
        {expected::open, new_form, "status\0003\0\0"s, progress::malformed},
        {expected::lookup, new_form,
         "protocol\0proxymap_protocol\0\0status\0000\0flags\00020\0value\0a b\0\0"s,
         progress::complete, 0, "a b", 20},
        {expected::lookup, new_form, "status\0000\0flags\0004294967295\0value\0\0\0"s,
         progress::complete, 0, "", 4294967295},
        {expected::lookup, new_form, "status\0001\0flags\00020\0value\0\0\0"s, progress::complete,
         1, "", 20},
        {expected::lookup, new_form, "status\0000\0flags\00020\0\0"s, progress::malformed},
        {expected::lookup, new_form, "status\0000\0flags\00020\0value\0x\0value\0y\0\0"s,
         progress::malformed},
        // Each form's reply in the other one.
        {expected::lookup, new_form, "status\0000\0value\0a b\0\0"s, progress::malformed},
        {expected::lookup, old_form, "status\0000\0flags\00020\0value\0a b\0\0"s,
         progress::malformed},
    }));
    CAPTURE(row.bytes, row.how);
    for (std::size_t split = 0; split <= row.bytes.size(); ++split) {
        reply_decoder lists(proxymap_protocol_name, proxymap_reply::string_limit);
        proxymap_reply one(row.what, row.how);
        std::string_view first(row.bytes.data(), split);
        std::string_view second = std::string_view(row.bytes).substr(split);
        auto result = one.feed(lists, first);
        if (result == progress::need_more)
            result = one.feed(lists, second);
        REQUIRE(result == row.result);
        if (result != progress::complete)
            continue;
        CHECK(one.status() == row.status);
        CHECK(one.value() == row.value);
        CHECK(one.table_flags() == row.flags);
    }
}

TEST_CASE("a proxymap reply without an end is given up") {
    const auto how = GENERATE(form::table_flags, form::instance_flags);
    reply_decoder lists(proxymap_protocol_name, proxymap_reply::string_limit);
    proxymap_reply one(expected::lookup, how);
    std::string bytes =
        how == form::table_flags ? "status\0000\0value\0"s : "status\0000\0flags\00016\0value\0"s;
    std::string_view input = bytes;
    CHECK(one.feed(lists, input) == progress::need_more);
    bytes.assign(proxymap_reply::string_limit + 1, 'x');
    input = bytes;
    CHECK(one.feed(lists, input) == progress::malformed);
}

TEST_CASE("a proxymap reply leaves what comes after it") {
    const auto how = GENERATE(form::table_flags, form::instance_flags);
    reply_decoder lists(proxymap_protocol_name);
    proxymap_reply one(expected::lookup, how);
    const std::string bytes =
        (how == form::table_flags ? "status\0001\0value\0\0\0rest"s
                                  : "status\0001\0flags\0000\0value\0\0\0rest"s);
    std::string_view input = bytes;
    CHECK(one.feed(lists, input) == progress::complete);
    CHECK(input == "rest");
}

TEST_CASE("proxymap's flags tell tables with fixed keys") {
    CHECK(proxymap_keys_are_fixed(16));
    CHECK(proxymap_keys_are_fixed(1573008)); // and more
    CHECK_FALSE(proxymap_keys_are_fixed(32));
    CHECK_FALSE(proxymap_keys_are_fixed(0));
}

TEST_CASE("every proxymap status but the two that answer is a failure of its own") {
    std::vector<std::string> reasons;
    for (const std::uint32_t status : {2U, 3U, 4U, 5U, 6U, 4294967295U}) {
        const auto result = proxymap_failure(status, "ldap:/x");
        CHECK(result.outcome == lookup_result::status::failed);
        CHECK(std::find(reasons.begin(), reasons.end(), result.text) == reasons.end());
        reasons.push_back(result.text);
    }
    CHECK(reasons[2] == "proxymap is not configured for it: list proxy:ldap:/x in proxy_read_maps, "
                        "and reload Postfix");
}
