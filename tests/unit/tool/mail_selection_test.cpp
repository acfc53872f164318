#include "catch.hpp"

#include "flushd/tool/queue/mail_selection.hpp"
#include "flushd/tool/queue/site_names.hpp"

#include <string>
#include <vector>

using namespace flushd::tool;
using kind = mail_selection::kind;

namespace {

constexpr std::time_t now = 1'795'766'400;

waiting_recipient recipient(std::string_view address) {
    return {address, flushd::domain_of(address), {}, {}, {}};
}

struct sample {
    std::string sender = "shop@sender.tld";
    std::vector<waiting_recipient> recipients{{.address = "anna@big.tld",
                                               .domain = "big.tld",
                                               .status = "4.4.1",
                                               .reason = "connect to mx.big.tld[192.0.2.1]:25: "
                                                         "Connection refused",
                                               .host = "mx.big.tld[192.0.2.1]"}};
    std::int64_t size = 20'000;
    std::time_t arrival = now - 3600;

    [[nodiscard]] waiting_message message() const {
        waiting_message result(*postfix_proto::queue_id::parse("4Xyz1"));
        result.where = queue_files::place::deferred;
        result.size = size;
        result.arrival = arrival;
        result.sender = sender;
        result.recipients = recipients;
        return result;
    }
};

struct criterion {
    kind what;
    std::string text;
};

bool takes(const std::vector<criterion>& wanted, const std::vector<std::string>& excluded = {},
           const sample& one = {}) {
    mail_selection selection;
    for (const auto& [what, text] : wanted)
        CHECK(selection.add(what, text).empty());
    for (const auto& text : excluded)
        CHECK(selection.add_exclusion(text).empty());
    return selection.takes(one.message(), now);
}

} // namespace

TEST_CASE("mail_selection takes a message by each kind of criterion, and not another") {
    struct row {
        kind what;
        std::vector<std::string> taken, left;
    };
    const std::vector<row> rows = {
        {kind::site, {"big.tld", "BIG.tld"}, {"sub.big.tld", "*.tld", "g.tld"}},
        {kind::to,
         {"big.tld", "*.TLD", "anna@big.tld", "ANNA@*", "[a-c]ig.tld", "*"},
         {"anna", "anna*", "bert@big.tld", "*@other.tld", "ig.tld"}},
        {kind::from, {"sender.tld", "shop@*", "s*.tld"}, {"<>", "shop", "big.tld"}},
        {kind::relay,
         {"mx.big.tld", "*.big.tld", "192.0.2.1", "192.0.2.*", "[192.0.2.1]",
          "mx.big.tld[192.0.2.1]"},
         {"big.tld", "192.0.2"}},
        {kind::reason, {"refused", "connection REFUSED", "connect to *refused"}, {"connect*now"}},
        {kind::older_than, {"59m", "30"}, {"1h", "2h"}},
        {kind::larger_than, {"19K", "100"}, {"20K", "1M", "20000"}},
        {kind::id, {"4Xyz1", "4X*"}, {"4xyz1", "4Xyz"}},
    };
    for (const auto& r : rows) {
        for (const auto& text : r.taken) {
            INFO(text);
            CHECK(takes({{r.what, text}}));
        }
        for (const auto& text : r.left) {
            INFO(text);
            CHECK_FALSE(takes({{r.what, text}}));
        }
    }
}

TEST_CASE("mail_selection: of one kind any, of several kinds each") {
    CHECK(takes({{kind::to, "other.tld"}, {kind::to, "big.tld"}}));
    CHECK(takes({{kind::to, "big.tld"}, {kind::from, "sender.tld"}}));
    CHECK_FALSE(takes({{kind::to, "big.tld"}, {kind::from, "other.tld"}}));
    CHECK(takes({}));
}

TEST_CASE("mail_selection: one recipient fulfils all that concerns recipients") {
    sample one;
    one.recipients.push_back({.address = "bert@small.tld",
                              .domain = "small.tld",
                              .status = "4.2.2",
                              .reason = "mailbox full",
                              .host = {}});
    CHECK(takes({{kind::to, "small.tld"}, {kind::reason, "full"}}, {}, one));
    CHECK_FALSE(takes({{kind::to, "small.tld"}, {kind::reason, "refused"}}, {}, one));
}

TEST_CASE("mail_selection leaves out a message for any of its recipients") {
    sample one;
    one.recipients.push_back(recipient("vip@small.tld"));
    CHECK_FALSE(takes({{kind::to, "big.tld"}}, {"to=small.tld"}, one));
    CHECK(takes({{kind::to, "big.tld"}}, {"to=other.tld"}, one));
    CHECK_FALSE(takes({}, {"reason=refused"}));
    CHECK_FALSE(takes({}, {"older-than=30m"}));
    CHECK(takes({}, {"older-than=2h", "from=<>"}));
}

TEST_CASE("mail_selection: the mail system's own mail has the sender <>") {
    sample bounce;
    bounce.sender.clear();
    CHECK(takes({{kind::from, "<>"}}, {}, bounce));
    CHECK_FALSE(takes({{kind::from, "*.tld"}}, {}, bounce));
}

TEST_CASE("mail_selection: internationalised names are the same in both forms") {
    sample one;
    one.recipients = {recipient("a@b\xc3\xbc"
                                "cher.tld")};
    CHECK(takes({{kind::site, "xn--bcher-kva.tld"}}, {}, one));
    one.recipients = {recipient("a@xn--bcher-kva.tld")};
    CHECK(takes({{kind::site, "B\xc3\xbc"
                              "cher.tld"}},
                {}, one));
}

TEST_CASE("mail_selection asks others about MX hosts and transports") {
    mail_selection selection;
    REQUIRE(selection.add(kind::mx, "*.provider.tld").empty());
    CHECK(selection.takes(sample().message(), now)); // until it can be known
    std::string host;
    selection.ask([&](kind what, const waiting_recipient& one, bool is_excluded) {
        CHECK(one.domain == "big.tld");
        return selection.fulfils(what, host, is_excluded);
    });
    host = "mx1.provider.tld";
    CHECK(selection.takes(sample().message(), now));
    host = "mx1.other.tld";
    CHECK_FALSE(selection.takes(sample().message(), now));
}

TEST_CASE("mail_selection says what is wrong with a criterion") {
    mail_selection selection;
    CHECK(selection.add(kind::older_than, "soon").starts_with("not a length of time"));
    CHECK(selection.add(kind::larger_than, "10X") == "not a size such as 1000, 20K or 3M: 10X");
    CHECK_FALSE(selection.add(kind::to, "").empty());
    for (const auto* const text : {"to", "site=x", "size=3", "=x", ""})
        CHECK(selection.add_exclusion(text).starts_with("not one of to=PATTERN, from=PATTERN"));
    CHECK(selection.is_empty());
}

TEST_CASE("mail_selection describes itself in one word") {
    mail_selection selection;
    REQUIRE(selection.add(kind::to, "*.big.tld").empty());
    REQUIRE(selection.add_exclusion("reason=mailbox is\nfull").empty());
    CHECK(selection.describe() == "to=*.big.tld,not-reason=mailbox_is_full");
    for (int i = 0; i < 10; ++i)
        REQUIRE(selection.add(kind::id, "A" + std::to_string(i)).empty());
    CHECK(selection.describe() == "to=*.big.tld,not-reason=mailbox_is_full,id=A0,id=A1,and-8-more");
}

TEST_CASE("parse_size takes bytes and powers of 1024") {
    CHECK(parse_size("0") == 0);
    CHECK(parse_size("1000") == 1000);
    CHECK(parse_size("2K") == 2048);
    CHECK(parse_size("3m") == 3 << 20);
    CHECK(parse_size("1G") == 1 << 30);
    for (const auto* const text : {"", "K", "-1", "1KB", "1.5M", "99999999999999999G", "1T"})
        CHECK(parse_size(text) < 0);
}
