#include "catch.hpp"

#include "flushd/tool/send/chosen_mail.hpp"
#include "flushd/tool/send/mx_hosts.hpp"
#include "flushd/tool/send/send_options.hpp"

#include <string>
#include <vector>

using namespace flushd::tool;
using place = queue_files::place;

namespace {

struct fixture {
    mail_selection selection;
    chosen_mail mail{selection};

    void add(const std::string& id, const std::vector<std::string>& domains, std::time_t arrival,
             place where = place::deferred) {
        waiting_message message(*postfix_proto::queue_id::parse(id));
        message.where = where;
        message.arrival = arrival;
        for (const auto& one : domains)
            message.recipients.push_back({one, one, {}, {}, {}});
        mail.look_at(message, 1000);
    }
    [[nodiscard]] std::vector<std::string> in_turn() const {
        std::vector<std::string> result;
        for (const auto& id : mail.in_turn())
            result.push_back(id.str());
        return result;
    }
};

using strings = std::vector<std::string>;

} // namespace

TEST_CASE("chosen mail goes to each destination in turn, the oldest first") {
    fixture f;
    for (int i = 0; i < 4; ++i)
        f.add("A" + std::to_string(i), {"dead.tld"}, 100 - i);
    f.add("B0", {"Up.tld"}, 50);
    f.add("B1", {"up.TLD"}, 40);
    f.add("C0", {"other.tld", "up.tld"}, 60);
    CHECK(f.in_turn() == strings{"A3", "B1", "C0", "A2", "B0", "A1", "A0"});
    CHECK(f.mail.deferred() == 7);
}

TEST_CASE("chosen mail is counted by destination, and once in the sum") {
    fixture f;
    f.add("A1", {"a.tld", "b.tld", "a.tld"}, 30);
    f.add("A2", {"b.tld"}, 20);
    f.add("A3", {"b.tld"}, 10, place::hold);
    f.add("A4", {"c.tld"}, 5, place::active);
    f.add("A5", {"c.tld"}, 5, place::incoming);
    const auto all = f.mail.destinations();
    REQUIRE(all.size() == 2);
    CHECK(all[0].domain == "b.tld");
    CHECK(all[0].deferred == 2);
    CHECK(all[0].held == 1);
    CHECK(all[0].oldest == 10);
    CHECK(all[1].deferred == 1);
    CHECK(f.mail.deferred() == 2);
    CHECK(f.mail.held() == 1);
    CHECK(f.mail.moving().size() == 2);
    CHECK(f.mail.oldest() == 10);
}

TEST_CASE("chosen mail that is released is sent with the rest") {
    fixture f;
    f.add("A1", {"a.tld"}, 30);
    f.add("A2", {"a.tld"}, 20, place::hold);
    CHECK(f.in_turn() == strings{"A1"});
    REQUIRE(f.mail.release().size() == 1);
    CHECK(f.in_turn() == strings{"A2", "A1"});
    CHECK(f.mail.held() == 0);
    CHECK(f.mail.destinations().front().held == 0);
}

TEST_CASE("words of standard input are sites or queue IDs") {
    strings sites, ids;
    sort_words("shop.tld 4BX3Y5k0z1zN1A*\n[192.0.2.1]\n\nA1B2C3! D4#\nsub_customer_tld\n", sites, ids);
    CHECK(sites == strings{"shop.tld", "[192.0.2.1]", "sub_customer_tld"});
    CHECK(ids == strings{"4BX3Y5k0z1zN1A", "A1B2C3", "D4"});
}

TEST_CASE("the hosts of an answer of the DNS, and no others") {
    using namespace std::string_literals;
    const auto header = [](int answers) {
        return "\x12\x34\x81\x80\0\1\0"s + static_cast<char>(answers) + "\0\0\0\0"s +
               "\3big\3tld\0\0\x0f\0\1"s;
    };
    const auto mx = "\xc0\x0c\0\x0f\0\1\0\0\0\x3c\0\x0d\0\x0a\3MX1\4prov\xc0\x10"s;
    const auto cname = "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0\x0c"s;
    const auto none = "\xc0\x0c\0\x0f\0\1\0\0\0\x3c\0\3\0\0\0"s;
    const auto parse = [](const std::string& bytes, strings& hosts) {
        return parse_mx_answer(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                               hosts);
    };
    strings hosts;
    REQUIRE(parse(header(3) + cname + mx + none, hosts));
    CHECK(hosts == strings{"mx1.prov.tld", ""});
    // Cut anywhere, it is no answer, and nothing is read behind its end.
    const auto whole = header(1) + mx;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        strings ignored;
        INFO(size);
        CHECK_FALSE(parse(whole.substr(0, size), ignored));
    }
}
