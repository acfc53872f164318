#include "catch.hpp"
#include "fake_smtp_server.hpp"
#include "matchers.hpp"
#include "recording_sink.hpp"

#include "flushd/daemon/etrn_relay.hpp"

#include "postfix_proto/errors.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace flushd;
using namespace postfix_proto;

namespace {

struct fixture {
    recorded_log records;
    logger log{records.sink()};
    asio::io_context context{1};
    work_in_hand work;
    counters counts;

    [[nodiscard]] std::uint64_t counted(counter which) const {
        return counts.pending()[static_cast<std::size_t>(which)];
    }
    service_runtime runtime() { return {context, work, log}; }
    /// Until there is no conversation left.
    void finish() {
        context.restart();
        while (work.any() && context.run_one_for(std::chrono::seconds(40)) > 0) {
        }
        CHECK_FALSE(work.any());
    }
    [[nodiscard]] std::size_t count(const std::string& part) const {
        const auto& lines = records.lines();
        return static_cast<std::size_t>(
            std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
                return line.find(part) != std::string::npos;
            }));
    }
};

etrn_relay_settings asking(const std::vector<const fake_smtp_server*>& hosts) {
    etrn_relay_settings result;
    for (const auto* const host : hosts)
        result.hosts.push_back({"127.0.0.1", host->endpoint().port()});
    result.hello = "me.example";
    return result;
}

std::string name_of(const fake_smtp_server& host) {
    return "127.0.0.1:" + std::to_string(host.endpoint().port());
}

/// What the command line means, or what is wrong with it.
std::string hosts_of(const std::vector<const char*>& arguments) {
    std::vector<const char*> words{"flushd"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const auto options = parse_service_options(static_cast<int>(words.size()), words.data(), "H");
    const postconf_result main_cf(parameter_values{{"myhostname", "me.example"}});
    logger log(nullptr);
    try {
        const auto settings = etrn_relay_settings::read({options, main_cf, log});
        std::string result;
        for (const auto& host : settings ? settings->hosts : std::vector<smtp_host>())
            result += host.str() + " ";
        return result;
    } catch (const startup_error& error) {
        return error.what();
    }
}

} // namespace

TEST_CASE("each host is asked for a site that is requested, with a line in the log") {
    fixture f;
    fake_smtp_server one(f.context), two(f.context);
    etrn_relay relay(f.runtime(), f.counts, asking({&one, &two}));
    relay.request("Customer.tld");
    f.finish();
    for (const auto* const host : {&one, &two}) {
        CHECK(host->count("ETRN customer.tld") == 1);
        CHECK(f.records.contains("etrn site=customer.tld, host=" + name_of(*host) +
                                 ", answer=250 Queuing started"));
    }
    CHECK(f.records.lines().size() == 2);
    CHECK(f.counted(counter::other_hosts_accepted) == 2);
}

TEST_CASE("a site is asked for in ASCII, an address as it is, and what is neither not at all") {
    fixture f;
    fake_smtp_server host(f.context);
    etrn_relay relay(f.runtime(), f.counts, asking({&host}));
    for (const char* site : {"b\xc3\xbc"
                             "cher.tld",
                             "[192.0.2.1]", "[192.0.2.1]\r\nQUIT", "a b", ""})
        relay.request(site);
    f.finish();
    CHECK(host.count("EHLO me.example") == 2);
    CHECK(host.count("ETRN xn--bcher-kva.tld") == 1);
    CHECK(host.count("ETRN [192.0.2.1]") == 1);
}

TEST_CASE("two hosts that name each other stop after one round") {
    fixture f;
    etrn_relay* of_a = nullptr;
    etrn_relay* of_b = nullptr;
    int passed_on = 0; // not without end, so that a failure is one
    const auto passing_on = [&passed_on](etrn_relay*& relay) {
        return [&passed_on, &relay](const std::string& line) {
            if (line.starts_with("ETRN ") && ++passed_on < 10)
                relay->request(line.substr(5));
            return fake_smtp_server::usual(line);
        };
    };
    fake_smtp_server a(f.context, passing_on(of_a)), b(f.context, passing_on(of_b));
    etrn_relay relay_a(f.runtime(), f.counts, asking({&b})),
        relay_b(f.runtime(), f.counts, asking({&a}));
    of_a = &relay_a;
    of_b = &relay_b;
    relay_a.request("customer.tld");
    f.finish();
    CHECK(b.count("ETRN customer.tld") == 1);
    CHECK(a.count("ETRN customer.tld") == 1);
    // The next request in the same minute is not passed on, whoever makes it.
    relay_b.request("customer.tld");
    relay_a.request("CUSTOMER.TLD");
    f.finish();
    CHECK(a.heard.size() + b.heard.size() == 6);
    relay_b.request("other.tld");
    f.finish();
    CHECK(a.count("ETRN other.tld") == 1);
    CHECK(b.count("ETRN other.tld") == 1);
}

TEST_CASE("a site is asked for again when its time is over, but not while it is being asked for") {
    fixture f;
    fake_smtp_server host(f.context);
    auto settings = asking({&host});
    settings.quiet = std::chrono::seconds(0);
    etrn_relay relay(f.runtime(), f.counts, std::move(settings));
    relay.request("customer.tld");
    relay.request("customer.tld");
    f.finish();
    CHECK(host.count("ETRN customer.tld") == 1);
    relay.request("customer.tld");
    f.finish();
    CHECK(host.count("ETRN customer.tld") == 2);
}

TEST_CASE("conversations with a host are few at a time, and what is beyond the queue is dropped") {
    fixture f;
    fake_smtp_server busy(f.context), other(f.context);
    auto settings = asking({&busy});
    settings.most_at_once = 2;
    settings.most_waiting = 3;
    etrn_relay relay(f.runtime(), f.counts, std::move(settings));
    for (int number = 0; number < 20; ++number)
        relay.request("site" + std::to_string(number) + ".tld");
    f.finish();
    CHECK(busy.count("QUIT") == 5);
    CHECK(busy.most_open == 2);
    CHECK(f.count("warning: etrn host=" + name_of(busy) +
                  ": too many requests at once: some are left out") == 1);
    CHECK(f.counted(counter::other_hosts_dropped) == 15);
}

TEST_CASE("sites that are remembered are bounded, and forgotten when their time is over") {
    fixture f;
    fake_smtp_server host(f.context);
    auto settings = asking({&host});
    settings.most_sites = 2;
    etrn_relay relay(f.runtime(), f.counts, std::move(settings));
    for (const char* site : {"a.tld", "b.tld", "c.tld", "d.tld"})
        relay.request(site);
    f.finish();
    CHECK(host.count("QUIT") == 2);
    CHECK(f.count("warning: etrn: more than 2 sites in 60 s") == 1);
    CHECK(f.counted(counter::other_hosts_dropped) == 2);
    auto forgetful = asking({&host});
    forgetful.most_sites = 2;
    forgetful.quiet = std::chrono::seconds(0);
    etrn_relay other(f.runtime(), f.counts, std::move(forgetful));
    for (const char* site : {"a.tld", "b.tld"})
        other.request(site);
    f.finish();
    other.request("c.tld");
    f.finish();
    CHECK(host.count("ETRN c.tld") == 1);
}

TEST_CASE("failures of one host are warnings, and do not concern another") {
    fixture f;
    const auto refusing = [](const std::string& line) {
        return line.starts_with("ETRN") ? "458 not now\r\n" : fake_smtp_server::usual(line);
    };
    fake_smtp_server good(f.context), refusal(f.context, refusing),
        silent(f.context, [](const std::string&) { return std::string(); });
    auto settings = asking({&silent, &refusal, &good});
    settings.limit = std::chrono::seconds(2);
    etrn_relay relay(f.runtime(), f.counts, std::move(settings));
    relay.request("customer.tld");
    f.finish();
    const std::string of_site = "etrn site=customer.tld, host=";
    const auto port = std::to_string(silent.endpoint().port());
    CHECK(f.records.contains(of_site + name_of(good) + ", answer=250 Queuing started"));
    CHECK(f.records.contains("warning: " + of_site + name_of(refusal) + ", answer=458 not now"));
    CHECK(f.records.contains("warning: " + of_site + name_of(silent) +
                             ": 127.0.0.1[127.0.0.1]:" + port + " timed out (greeting)"));
    CHECK(f.records.lines().size() == 3);
    CHECK(f.counted(counter::other_hosts_accepted) == 1);
    CHECK(f.counted(counter::other_hosts_refused) == 1);
    CHECK(f.counted(counter::other_hosts_failed) == 1);
}

TEST_CASE("each address of a host is tried, until one answers") {
    fixture f;
    fake_smtp_server host(f.context);
    etrn_relay_settings settings;
    settings.hosts = {{"mx2.example", host.endpoint().port()}};
    settings.names = name_service::parse("", "127.0.0.2 mx2.example\n127.0.0.1 mx2.example");
    etrn_relay relay(f.runtime(), f.counts, std::move(settings));
    relay.request("customer.tld");
    f.finish();
    CHECK(f.records.lines() ==
          std::vector<std::string>{"etrn site=customer.tld, host=" +
                                   smtp_host{"mx2.example", host.endpoint().port()}.str() +
                                   ", answer=250 Queuing started"});
}

TEST_CASE("the option -H names hosts, and what is wrong with it is said") {
    CHECK(hosts_of({}) == "");
    CHECK(hosts_of({"-H", "mx2.example,[192.0.2.3]:2525", "-Hmx3.example,mx2.example"}) ==
          "mx2.example 192.0.2.3:2525 mx3.example ");
    CHECK(hosts_of({"-H", "mx2..example"}) ==
          "-H option: not a host such as mx2.example, mx2.example:587 or [2001:db8::1]:25: "
          "mx2..example");
    CHECK(hosts_of({"-H", " ,"}) == "-H option: no host in \" ,\"");
    CHECK(hosts_of({"-H", "mx2.example", "-o", "max_use=1"}) ==
          "-H option: does not work with max_use");
    std::string many = "mx0";
    for (int number = 1; number <= 16; ++number)
        many += ",mx" + std::to_string(number);
    CHECK(hosts_of({"-H", many.c_str()}) == "-H option: more than 16 hosts");
}
