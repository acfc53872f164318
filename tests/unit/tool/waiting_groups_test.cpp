#include "catch.hpp"

#include "flushd/tool/queue/waiting_groups.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace flushd::tool;
using place = queue_files::place;
using std::chrono::seconds;

namespace {

constexpr std::string_view refused = "connect to mx.prov.net[192.0.2.1]:25: Connection refused";

waiting_message message(std::string_view id, std::vector<waiting_recipient> recipients,
                        std::time_t arrival = 1000, place where = place::deferred) {
    waiting_message result(*postfix_proto::queue_id::parse(id));
    result.where = where;
    result.size = 10;
    result.arrival = arrival;
    if (where == place::deferred)
        result.due = arrival + 300;
    result.sender = "From@Sender.tld";
    result.recipients = std::move(recipients);
    return result;
}

waiting_recipient recipient(std::string_view address, std::string_view reason = refused,
                            std::string_view host = "MX.prov.net") {
    const auto at = address.find('@');
    return {address, at == std::string_view::npos ? "" : address.substr(at + 1), "4.4.1", reason,
            host};
}

const waiting_group& find(const waiting_groups& groups, std::string_view name) {
    const auto found = groups.groups().find(name);
    REQUIRE(found != groups.groups().end());
    return found->second;
}

const queue_lifetimes short_ones{seconds(5000), seconds(400)};

} // namespace

TEST_CASE("a message counts once for each destination, whatever case it is written in") {
    waiting_groups groups(group_by::destination, short_ones);
    groups.add(message(
        "A1", {recipient("a@One.tld"), recipient("b@one.TLD"), recipient("c@b\303\234cher.tld")}));
    groups.add(message("B2", {recipient("a@one.tld")}, 500, place::active));
    groups.add(message("C3", {recipient("a@one.tld")}, 100, place::hold));
    CHECK(groups.groups().size() == 2);
    const auto& one = find(groups, "one.tld");
    CHECK(one.messages == 3);
    CHECK(one.deferred == 1);
    CHECK(one.in_delivery == 1);
    CHECK(one.on_hold == 1);
    CHECK(one.bytes == 30);
    CHECK(one.oldest == 100);
    CHECK(one.next == 1300);
    CHECK(one.returned == 5500); // what is on hold is not returned
    CHECK(find(groups, "b\303\274cher.tld").messages == 1);
    CHECK(groups.total().messages == 3);
    CHECK(groups.total().bytes == 30);
}

TEST_CASE("mail of the mail system is returned by its own limit") {
    waiting_groups groups(group_by::sender, short_ones);
    auto notice = message("A1", {recipient("a@one.tld")});
    notice.sender = {};
    groups.add(notice);
    groups.add(message("B2", {recipient("a@one.tld")}));
    CHECK(find(groups, "<>").returned == 1400);
    CHECK(find(groups, "from@sender.tld").returned == 6000);
}

TEST_CASE("an outage at one provider is one relay and one reason") {
    waiting_groups relays(group_by::relay, {}), reasons(group_by::reason, {}),
        classes(group_by::reason_class, {});
    for (auto* groups : {&relays, &reasons, &classes}) {
        groups->add(message("A1", {recipient("a@one.tld"), recipient("a@two.tld")}));
        groups->add(message(
            "B2", {recipient("a@three.tld", "delivery temporarily suspended: connect to "
                                            "mx.prov.net[192.0.2.2]:25: Connection refused")}));
        groups->add(message("C3", {recipient("a@four.tld", "", "")}, 1000, place::incoming));
        CHECK(groups->groups().size() == 2);
    }
    CHECK(find(relays, "mx.prov.net").messages == 2);
    CHECK(find(relays, "none").messages == 1);
    CHECK(find(reasons, "connect to *: Connection refused").messages == 2);
    CHECK(find(classes, name_of(reason_class::connection_refused)).messages == 2);
    CHECK(find(classes, name_of(reason_class::not_tried)).messages == 1);
}

TEST_CASE("the most frequent reason is told in a message's own words, with its host") {
    waiting_groups groups(group_by::destination, {});
    groups.add(message("A1", {recipient("a@one.tld", "mail transport unavailable", "")}));
    for (const char* id : {"B2", "C3"})
        groups.add(message(id, {recipient("a@one.tld")}));
    groups.add(message("D4", {recipient("a@one.tld", "", "")}));
    const auto& one = find(groups, "one.tld");
    CHECK(one.reason == refused);
    CHECK(one.relay == "MX.prov.net");
    CHECK(one.kind == reason_class::connection_refused);
}

TEST_CASE("the leader of many values stays known") {
    leading_value values;
    CHECK(values.add(1));
    CHECK_FALSE(values.add(2));
    CHECK(values.add(2));
    for (std::uint64_t other = 100; other < 200; ++other) {
        values.add(other);
        values.add(7);
    }
    CHECK(values.add(7));
    CHECK_FALSE(values.add(2));
}

TEST_CASE("messages without a known recipient or domain have a group") {
    waiting_groups groups(group_by::destination, {});
    groups.add(message("A1", {}));
    groups.add(message("B2", {recipient("local", "", "")}));
    CHECK(find(groups, "none").messages == 2);
}

TEST_CASE("listed messages count once in a group, and once in all") {
    waiting_groups groups(group_by::relay, {});
    groups.add(
        message("A1", {recipient("a@other.tld"), recipient("a@one.tld"), recipient("a@two.tld")}),
        [](std::string_view domain) { return domain != "other.tld"; });
    CHECK(find(groups, "mx.prov.net").listed == 1);
    CHECK(groups.total().listed == 1);
}

TEST_CASE("groups of transports have the names that are looked up") {
    waiting_groups groups(group_by::transport, {});
    std::string name;
    groups.use_transports([&](const waiting_message&, const waiting_recipient& one) {
        name = "smtp:" + std::string(one.domain);
        return std::string_view(name);
    });
    groups.add(message("A1", {recipient("a@one.tld"), recipient("b@two.tld")}));
    CHECK(find(groups, "smtp:one.tld").messages == 1);
    CHECK(find(groups, "smtp:two.tld").messages == 1);
}

TEST_CASE("lifetimes are main.cf's") {
    const postfix_proto::postconf_result set(
        {{"maximal_queue_lifetime", "2d"}, {"bounce_queue_lifetime", "3h"}});
    CHECK(read_queue_lifetimes(set).mail == std::chrono::hours(48));
    CHECK(read_queue_lifetimes(set).of_mail_system == std::chrono::hours(3));
    CHECK(read_queue_lifetimes(postfix_proto::postconf_result({})).mail == std::chrono::hours(120));
}
