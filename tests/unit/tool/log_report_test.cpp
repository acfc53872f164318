#include "catch.hpp"

#include "flushd/tool/log/log_report.hpp"
#include "flushd/tool/screen/text_table.hpp"
#include "flushd/tool/screen/wrapped_text.hpp"

#include "postfix_proto/brace_syntax.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

using namespace flushd;
using namespace flushd::tool;

namespace {

constexpr uid_t postfix = 4'000'107; // nobody's

send_record of(const std::string& site) {
    send_record result;
    result.asked = 1'764'233'333;
    result.site = site;
    result.user = 0;
    result.took = std::chrono::milliseconds(1234);
    return result;
}

log_report some_sends() {
    log_report all;
    all.now = 1'764'233'999;
    all.mail_owner = postfix;
    all.sends.push_back(of("customer.tld"));
    all.sends.back().moved = all.sends.back().delivered = 300;
    all.sends.push_back(of("a-long-name-of-a.customer.tld"));
    auto& down = all.sends.back();
    down.user = postfix;
    down.moved = down.deferred = 1000;
    down.left = 99'000;
    down.took = std::chrono::seconds(125);
    down.reason = "connect to mx.customer.tld[192.0.2.1]:25: Connection refused";
    return all;
}

std::size_t widest_line(std::string_view text) {
    std::size_t result = 0;
    while (!text.empty())
        result = std::max(result, display_width(postfix_proto::take_line(text)));
    return result;
}

} // namespace

TEST_CASE("flushd log: who has asked") {
    auto send = of("a.tld");
    CHECK(requester_of(send, postfix) == "root");
    send.user = postfix;
    CHECK(requester_of(send, postfix) == "ETRN");
    send.user = postfix + 1; // has no name
    CHECK(requester_of(send, postfix) == "4000108");
    send.user.reset();
    CHECK(requester_of(send, postfix) == "-");
    send.is_resumed = true;
    CHECK(requester_of(send, postfix) == "(resumed)");
}

TEST_CASE("flushd log: what came of a send, in words") {
    auto send = of("a.tld");
    CHECK(result_of(send) == "nothing to send");
    send.delivered = 298;
    CHECK(result_of(send) == "298 delivered");
    send.bounced = 1;
    send.gone = 2;
    send.deferred = 3;
    send.held = 4;
    send.in_delivery = 5;
    send.left = 6;
    send.failed = 7;
    send.missing = 8;
    send.reason = "why";
    CHECK(result_of(send) ==
          "298 delivered, 1 bounced, 2 left the queue, 3 deferred, 4 on hold, 5 in delivery at "
          "last sight, 6 not tried, 7 not moved, 8 gone before (why)");
}

TEST_CASE("flushd log: a table has a line for each send where there is room") {
    const auto text = log_table(some_sends(), 0, false);
    CHECK(std::count(text.begin(), text.end(), '\n') == 3);
    CHECK(text.find("DESTINATION ") == 0);
    CHECK(text.find(" root  1.2s    300  300 delivered\n") != std::string::npos);
    CHECK(text.find(" ETRN    2m   1000  1000 deferred, 99000 not tried (connect to ") !=
          std::string::npos);
    CHECK(log_table(some_sends(), widest_line(text), false) == text);
}

TEST_CASE("flushd log: on a narrow terminal the results are below the rows") {
    for (std::size_t width = 60; width < 150; ++width) {
        CAPTURE(width);
        const auto text = log_table(some_sends(), width, false);
        CHECK(widest_line(text) <= width);
        CHECK(text.find("300 delivered\n") != std::string::npos);
    }
    const auto text = log_table(some_sends(), 80, false);
    CHECK(text.find(
              "\n    1000 deferred, 99000 not tried (connect to mx.customer.tld[192.0.2.1]:25:\n"
              "    Connection refused)\n") != std::string::npos);
}

TEST_CASE("flushd log: colour does not change the layout") {
    auto text = log_table(some_sends(), 80, true);
    for (const std::string_view sequence : {"\033[1m", "\033[0m"})
        for (auto at = text.find(sequence); at != std::string::npos; at = text.find(sequence))
            text.erase(at, sequence.size());
    CHECK(text == log_table(some_sends(), 80, false));
}

TEST_CASE("flushd log: JSON has all numbers, and null for what is not known") {
    auto all = some_sends();
    all.sends[0].user.reset();
    all.sends[0].site = "a\"b\xff";
    const auto text = log_json(all);
    CHECK(text.find(R"("site": "a\"b)") != std::string::npos);
    CHECK(text.find(R"("uid": null)") != std::string::npos);
    CHECK(text.find(R"("asked_by": "ETRN")") != std::string::npos);
    CHECK(text.find(R"("left": 99000)") != std::string::npos);
    CHECK(text.find(R"("seconds": 1.234)") != std::string::npos);
    CHECK(text.find(R"("reason": null)") != std::string::npos);
}

TEST_CASE("text is wrapped between words") {
    CHECK(wrapped_text("", 2, 10).empty());
    CHECK(wrapped_text("one two three", 2, 9) == "one two\n  three");
    CHECK(wrapped_text("one two three", 2, 8) == "one\n  two\n  three");
    CHECK(wrapped_text("unbreakable", 2, 8) == "unbreakable");
    CHECK(wrapped_text("\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6", 0, 5) ==
          "\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6");
}
