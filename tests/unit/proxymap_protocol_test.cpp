#include "catch.hpp"

#include "postfix_proto/proxymap_protocol.hpp"

using namespace postfix_proto;
using namespace std::string_literals;

namespace {

using expected = proxymap_reply::expected;
using progress = proxymap_reply::progress;

} // namespace

TEST_CASE("proxymap requests are what stock's client sends") {
    CHECK(encode_proxymap_open("ldap:/x") == "request\0open\0table\0ldap:/x\0flags\0000\0\0"s);
    CHECK(encode_proxymap_lookup("ldap:/x", "a.tld") ==
          "request\0lookup\0table\0ldap:/x\0flags\000524352\0key\0a.tld\0\0"s);
}

TEST_CASE("proxymap replies are taken apart at every split") {
    struct row {
        expected what;
        std::string bytes;
        progress result;
        std::uint32_t status = 0;
        std::string value = {};
        bool keys_are_fixed = false;
    };
    const auto row = GENERATE(values<struct row>({
        {expected::open, "protocol\0proxymap_protocol\0\0status\0000\0flags\00016\0\0"s,
         progress::complete, 0, "", true},
        {expected::open, "protocol\0proxymap_protocol\0\0"s, progress::need_more},
        {expected::open, "protocol\0queue_flush_protocol\0\0"s, progress::malformed},
        {expected::open, "\0"s, progress::malformed},
        {expected::open, "status\0000\0flags\00016\0\0"s, progress::complete, 0, "", true},
        {expected::open, "status\0000\0flags\00032\0\0"s, progress::complete, 0, "", false},
        {expected::open, "status\0004\0flags\0000\0\0"s, progress::complete, 4},
        {expected::open, "status\0000\0\0"s, progress::malformed},
        {expected::open, "flags\0000\0status\0000\0\0"s, progress::malformed},
        {expected::open, "status\000x\0flags\0000\0\0"s, progress::malformed},
        {expected::open, "status\000-1\0flags\0000\0\0"s, progress::malformed},
        {expected::open, "status\000\0flags\0000\0\0"s, progress::malformed},
        {expected::lookup, "status\0000\0value\0a b\0\0"s, progress::complete, 0, "a b"},
        {expected::lookup, "status\0000\0value\0\0\0"s, progress::complete, 0, ""},
        {expected::lookup, "status\0001\0value\0\0\0"s, progress::complete, 1},
        {expected::lookup, "status\0000\0value\0x\0value\0y\0\0"s, progress::malformed},
        {expected::lookup, "status\0000\0value\0"s + std::string(2 << 20, 'x'),
         progress::malformed},
    }));
    CAPTURE(row.bytes.substr(0, 100));
    const std::size_t step = row.bytes.size() > 1000 ? row.bytes.size() / 3 : 1;
    for (std::size_t split = 0; split <= row.bytes.size(); split += step) {
        reply_decoder lists(proxymap_protocol_name, proxymap_reply::string_limit);
        proxymap_reply one(row.what);
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
        CHECK(one.keys_are_fixed() == row.keys_are_fixed);
    }
}

TEST_CASE("a proxymap reply leaves what comes after it") {
    reply_decoder lists(proxymap_protocol_name);
    proxymap_reply one(expected::lookup);
    const std::string bytes = "status\0001\0value\0\0\0rest"s;
    std::string_view input = bytes;
    CHECK(one.feed(lists, input) == progress::complete);
    CHECK(input == "rest");
}

TEST_CASE("every proxymap status but the two that answer is a failure of its own") {
    std::vector<std::string> reasons;
    for (const std::uint32_t status : {2U, 3U, 4U, 5U, 6U, 4294967295U}) {
        const auto result = proxymap_failure(status, "ldap:/x");
        CHECK(result.outcome == lookup_result::status::failed);
        CHECK(std::find(reasons.begin(), reasons.end(), result.text) == reasons.end());
        reasons.push_back(result.text);
    }
    CHECK(reasons[2] == "proxymap is not configured for it: list proxy:ldap:/x in proxy_read_maps");
}
