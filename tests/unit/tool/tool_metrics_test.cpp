#include "catch.hpp"

#include "flushd/tool/metrics/queue_metrics.hpp"
#include "flushd/tool/metrics/service_metrics.hpp"

#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace flushd;
using namespace flushd::tool;
using namespace std::string_literals;

namespace {

std::vector<site_summary> some_sites() {
    std::vector<site_summary> result;
    for (const char* text : {"a_tld", "customer_tld", "c_tld"})
        result.emplace_back(*logfile_name::from_name(text));
    result[0].listed = result[0].deferred = 3;
    result[1].listed = 9;
    result[1].deferred = 7;
    result[1].duplicates = 2;
    result[1].size = 4711;
    result[1].oldest = 400;
    result[2].listed = 1;
    return result;
}

bool has(const std::string& text, const std::string& line) {
    return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
}

std::string service_metrics(const counter_sums& sums, const site_names& names, std::size_t top) {
    metric_text text;
    add_service_metrics(text, sums, some_sites(), names, top, 1000);
    return text.text();
}

/// Each metric is described once, before its first series; all its series are together, and differ
/// in their labels.
void check_format(const std::string& text) {
    std::set<std::string> described, series;
    std::string current;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        if (line.rfind("# HELP ", 0) == 0) {
            current = line.substr(7, line.find(' ', 7) - 7);
            CHECK(described.insert(current).second);
            CHECK(line.size() > 7 + current.size() + 1);
        } else if (line.rfind("# TYPE ", 0) != 0) {
            CHECK(line.substr(0, line.find_first_of("{ ")) == current);
            CHECK(series.insert(line.substr(0, line.rfind(' '))).second);
        }
    }
}

/// A queued message; what its recipient was told, and by whom.
struct sample_message {
    std::string_view recipient, status, reason, host;
    queue_files::place where = queue_files::place::deferred;
    std::time_t arrival = 1000;
};

std::string queue_metrics(const std::vector<sample_message>& messages, std::size_t top) {
    queue_figures figures({std::chrono::hours(1), std::chrono::hours(1)});
    for (const auto& one : messages) {
        waiting_message message(*postfix_proto::queue_id::parse("AB1"));
        message.where = one.where;
        message.size = 100;
        message.arrival = one.arrival;
        message.sender = "someone@sender.tld";
        message.recipients.push_back(
            {one.recipient, domain_of(one.recipient), one.status, one.reason, one.host});
        figures.add(message);
    }
    metric_text text;
    figures.write(text, top);
    return text.text();
}

std::set<std::string> metrics_in(const std::string& text) {
    const std::regex name("postfix_(flush|queue)_[a-z_]+");
    return {std::sregex_token_iterator(text.begin(), text.end(), name), {}};
}

} // namespace

TEST_CASE("metrics are counters and gauges in the text format of Prometheus") {
    site_names names;
    names.add("customer.tld");
    const counter_sums sums = {{"requests.add.ok", 12}, {"run_microseconds.send", 1234567}};
    const auto text = service_metrics(sums, names, 2);
    CHECK(has(text, "postfix_flush_requests_total{request=\"add\",status=\"ok\"} 12"));
    CHECK(has(text, "postfix_flush_requests_total{request=\"add\",status=\"deny\"} 0"));
    CHECK(has(text, "postfix_flush_run_seconds_total{operation=\"send\"} 1.234567"));
    CHECK(has(text, "# TYPE postfix_flush_run_seconds_total counter"));
    CHECK(has(text, "postfix_flush_destinations 3"));
    CHECK(has(text, "postfix_flush_listed_messages 13"));
    CHECK(has(text, "postfix_flush_deferred_messages 10"));
    CHECK(has(text, "postfix_flush_oldest_message_age_seconds 600"));
    CHECK(has(text, "postfix_flush_destination_deferred_messages{destination=\"customer.tld\"} 7"));
    CHECK(has(text, "postfix_flush_destination_deferred_messages{destination=\"a_tld\"} 3"));
    CHECK(text.find("c_tld\"} ") == std::string::npos); // --top

    check_format(text);
}

TEST_CASE("metrics of the queue are by queue, destination, reason and server") {
    using enum queue_files::place;
    constexpr std::string_view refused = "connect to mx.big.tld[192.0.2.1]:25: Connection refused";
    const auto text =
        queue_metrics({{"a@my-shop.co.tld", "4.4.1", refused, "mx.big.tld"},
                       {"b@MY-shop.co.tld", "4.4.1", refused, "mx.big.tld", deferred, 900},
                       {"c@other.tld", "", "", "", active, 1100},
                       {"d@held.tld", "4.4.1", refused, "MX.big.tld", hold, 10}},
                      9);
    check_format(text);
    CHECK(has(text, "postfix_queue_messages{queue=\"deferred\"} 2"));
    CHECK(has(text, "postfix_queue_messages{queue=\"active\"} 1"));
    CHECK(has(text, "postfix_queue_messages{queue=\"incoming\"} 0"));
    CHECK(has(text, "postfix_queue_messages{queue=\"hold\"} 1"));
    CHECK(has(text, "postfix_queue_bytes{queue=\"deferred\"} 200"));
    CHECK(has(text, "postfix_queue_lifetime_seconds 3600"));
    CHECK(has(text, "postfix_queue_oldest_arrival_timestamp_seconds 10"));
    CHECK(has(text, "postfix_queue_first_return_timestamp_seconds 4500"));
    CHECK(has(text, "postfix_queue_destinations 3"));
    const auto of = [](std::string_view name) {
        return "postfix_queue_destination_" + std::string(name) + "{destination=\"my-shop.co.tld\"";
    };
    CHECK(has(text, of("messages") + ",state=\"deferred\"} 2"));
    CHECK(has(text, of("messages") + ",state=\"delivery\"} 0"));
    CHECK(has(text, of("bytes") + "} 200"));
    CHECK(has(text, of("oldest_arrival_timestamp_seconds") + "} 900"));
    CHECK(has(text, of("first_return_timestamp_seconds") + "} 4500"));
    CHECK(has(text, "postfix_queue_relay_messages{relay=\"mx.big.tld\"} 3"));
    CHECK(has(text, "postfix_queue_relay_messages{relay=\"none\"} 1"));
    CHECK(has(text, "postfix_queue_reason_messages{reason=\"connection_refused\"} 3"));
    CHECK(has(text, "postfix_queue_reason_messages{reason=\"not_tried\"} 1"));
    CHECK(has(text, "postfix_queue_reason_messages{reason=\"greylisted\"} 0"));
    // Nothing that is on hold is returned.
    CHECK(text.find("first_return_timestamp_seconds{destination=\"held.tld\"") ==
          std::string::npos);
}

TEST_CASE("an empty queue has all metrics but times") {
    const auto text = queue_metrics({}, 9);
    check_format(text);
    CHECK(has(text, "postfix_queue_messages{queue=\"deferred\"} 0"));
    CHECK(has(text, "postfix_queue_destinations 0"));
    CHECK(text.find("postfix_queue_first_return_timestamp_seconds") == std::string::npos);
}

TEST_CASE("the number of series is bounded, and none is there twice whatever a domain is called") {
    std::vector<sample_message> messages = {
        {"a@big.tld", "", "", ""},       {"a@big.tld", "", "", ""},  {"a@big.tld", "", "", ""},
        {"a@other", "", "", ""},         {"a@other", "", "", ""},    {"a@\xff.tld", "", "", ""},
        {"a@\xff.tld", "", "", ""},      {"a@\xfe.tld", "", "", ""}, {"a@\xfe.tld", "", "", ""},
        {"a@one.tld", "", "", ""},       {"a@two.tld", "", "", ""},  {"a@three.tld", "", "", ""},
        {"a@f\"o\\ur\n.tld", "", "", ""}};
    const auto text = queue_metrics(messages, 4);
    check_format(text);
    const auto messages_of = [](std::string_view name) {
        return "postfix_queue_destination_messages{destination=\"" + std::string(name) +
               "\",state=\"deferred\"} ";
    };
    CHECK(has(text, messages_of("big.tld") + "3"));
    CHECK(has(text, messages_of("?.tld") + "4"));
    CHECK(has(text, messages_of("other") + "6"));
    CHECK(text.find("one.tld") == std::string::npos);
    CHECK(has(text, "postfix_queue_destinations 8"));
    check_format(queue_metrics(messages, 0));
    check_format(queue_metrics(messages, 100));
    CHECK(has(queue_metrics(messages, 100), messages_of("f\\\"o\\\\ur?.tld") + "1"));
}

namespace {

/// Everything that can be printed, except for what metrics_collector adds itself.
std::string all_metrics() {
    metric_text text;
    site_names names;
    names.add("customer.tld");
    add_service_metrics(text, {{"requests.add.ok", 12}}, some_sites(), names, 9, 1000);
    return text.text() + queue_metrics({{"a@big.tld", "4.4.1", "timed out", "mx.big.tld"}}, 9);
}

const std::set<std::string> of_collector = {"postfix_flush_up", "postfix_flush_collection_seconds",
                                            "postfix_flush_collected_timestamp_seconds",
                                            "postfix_queue_damaged_messages"};

std::string content(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

} // namespace

TEST_CASE("the dashboard and the alert rules name what is printed, and nothing else") {
    auto printed = metrics_in(all_metrics());
    printed.insert(of_collector.begin(), of_collector.end());
    for (const char* file : {"grafana/flushd.json", "prometheus/flushd.rules.yml"}) {
        const auto named = metrics_in(content(FLUSHD_SOURCE_DIRECTORY "/"s + file));
        CHECK(named.size() > 5);
        for (const auto& name : named) {
            CAPTURE(file, name);
            CHECK(printed.contains(name));
        }
    }
}

// For tests/prometheus/check, which looks at them as Prometheus does.
TEST_CASE("sample metrics for promtool", "[.]") { std::cout << all_metrics(); }
