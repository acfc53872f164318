#include "catch.hpp"
#include "queue_file.hpp"

#include "flushd/tool/send/reason_tally.hpp"
#include "flushd/tool/send/verdict.hpp"
#include "flushd/tool/send/verdict_json.hpp"

#include <string>

using namespace flushd::tool;
using namespace std::string_literals;
using flushd::deferral;

namespace {

deferral deferred_for(const std::string& reason, bool is_of_destination = false) {
    return {reason, "", is_of_destination};
}

} // namespace

TEST_CASE("reasons: the most frequent first, and a suspended delivery counts for its cause") {
    reason_tally tally;
    tally.add(deferred_for("greylisted"));
    for (int i = 0; i < 2; ++i)
        tally.add(deferred_for("connect to b.tld: Connection refused", true));
    tally.add(
        deferred_for("delivery temporarily suspended: connect to b.tld: Connection refused", true));
    tally.add(deferral{});
    const auto found = tally.most_frequent(5);
    REQUIRE(found.size() == 2);
    CHECK(found[0].reason == "connect to b.tld: Connection refused");
    CHECK(found[0].count == 3);
    CHECK(found[1].reason == "greylisted");
    CHECK(tally.most_frequent(1).size() == 1);
}

TEST_CASE("reasons: the last one says whether the destination is down") {
    reason_tally tally;
    CHECK_FALSE(tally.is_destination_down());
    tally.add(deferred_for("refused", true));
    CHECK(tally.is_destination_down());
    tally.add(deferred_for("greylisted"));
    CHECK_FALSE(tally.is_destination_down());
}

TEST_CASE("reasons: there may be any number of different ones") {
    reason_tally tally;
    for (int i = 0; i < 1500; ++i)
        tally.add(deferred_for("reason " + std::to_string(i)));
    const auto found = tally.most_frequent(10'000);
    CHECK(found.size() == 1001);
    CHECK(found.front().reason == "other reasons");
    CHECK(found.front().count == 500);
}

TEST_CASE("verdict: one who reads only the listing is told what cannot be known") {
    destination_verdict one;
    one.name = "up.tld";
    one.is_from_listing = true;
    one.counts.left = 2;
    one.counts.waiting = 1;
    CHECK(describe(one) == "up.tld: of 3 messages, 2 left the queue, delivered or returned, "
                           "1 still deferred, tried or not\n");
    one.result = outcome::left;
    verdict all;
    all.destinations.push_back(one);
    all.result = outcome::left;
    const auto line = result_line(all);
    CHECK(line.find(R"("status":"left-queue")") != std::string::npos);
    CHECK(line.find(R"("source":"postqueue")") != std::string::npos);
    CHECK(exit_status_of(outcome::left) == 3);
    CHECK(outcome::delivered < outcome::left);
    CHECK(outcome::left < outcome::bounced);
}

TEST_CASE("verdict: only mail that was all delivered, or is gone, is a success") {
    message_watch::counts counts;
    CHECK(outcome_of(counts, outcome::timed_out) == outcome::delivered);
    counts.delivered = 3;
    counts.left = 1;
    CHECK(outcome_of(counts, outcome::timed_out) == outcome::delivered);
    counts.bounced = 1;
    CHECK(outcome_of(counts, outcome::timed_out) == outcome::bounced);
    counts.held = 1;
    CHECK(outcome_of(counts, outcome::timed_out) == outcome::deferred);
    counts.waiting = 1;
    CHECK(outcome_of(counts, outcome::timed_out) == outcome::timed_out);
    CHECK(exit_status_of(outcome::delivered) == 0);
    CHECK(exit_status_of(outcome::bounced) == 65);
    CHECK(exit_status_of(outcome::deferred) == 75);
    CHECK(exit_status_of(outcome::timed_out) == 124);
    CHECK(exit_status_of(outcome::interrupted) == 130);
    CHECK(exit_status_of(outcome::refused) == 69);
}

TEST_CASE("verdict: its text has what there is, one reason in the line and several below") {
    destination_verdict one;
    one.name = "customer.tld";
    CHECK(describe(one) == "customer.tld: no mail to send\n");
    one.counts.delivered = 1;
    one.counts.deferred = 2;
    one.reasons = {{"450 later", "mx.customer.tld", 2}};
    CHECK(describe(one) == "customer.tld: of 3 messages, 1 delivered, 2 deferred again (450 later "
                           "(mx.customer.tld))\n");
    one.reasons = {{"host mx.tld[::1] said: 450", "mx.tld", 1}, {"full\n", "", 1}};
    one.counts.bounced = one.counts.held = one.counts.waiting = 1;
    one.is_down = true;
    CHECK(describe(one) ==
          "customer.tld: of 6 messages, 1 delivered, 1 returned to sender, 2 deferred again, 1 on "
          "hold, 1 not tried: destination is down\n"
          "    1 deferred: host mx.tld[::1] said: 450\n"
          "    1 deferred: full?\n");
}

TEST_CASE("verdict: JSON is one line, whatever a server has said") {
    verdict all;
    auto& one = all.destinations.emplace_back();
    one.name = "customer.tld";
    one.result = all.result = outcome::deferred;
    one.counts.deferred = 1;
    one.reasons = {{"line\nbreak \xff", "", 1}};
    all.exit_status = 75;
    const auto text = result_line(all);
    CHECK(text.find('\n') == text.size() - 1);
    CHECK(text.starts_with(R"({"event":"result",)"));
    CHECK(text.find(R"("status":"deferred","exit_status":75)") != std::string::npos);
    CHECK(text.find(R"("host":null,"count":1)") != std::string::npos);
    CHECK(progress_line(one.counts, std::chrono::milliseconds(1500))
              .starts_with(R"({"event":"progress","seconds":1.5,"messages":1,)"));
}
