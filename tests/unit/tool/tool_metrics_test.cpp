#include "catch.hpp"

#include "flushd/tool/metrics/service_metrics.hpp"

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

using namespace flushd;
using namespace flushd::tool;

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

std::set<std::string> metrics_in(const std::string& text) {
    const std::regex name("postfix_flush_[a-z_]+");
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

    // Each metric is described once, before its first series, and all its series are together.
    std::set<std::string> described;
    std::string current;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("# HELP ", 0) == 0) {
            current = line.substr(7, line.find(' ', 7) - 7);
            CHECK(described.insert(current).second);
            CHECK(line.size() > 7 + current.size() + 1);
        } else if (line.rfind("# TYPE ", 0) != 0) {
            CHECK(line.substr(0, line.find_first_of("{ ")) == current);
        }
    }
}

TEST_CASE("the dashboard shows what is printed, and nothing else") {
    std::ifstream file(FLUSHD_GRAFANA_DIRECTORY "/flushd.json");
    std::ostringstream dashboard;
    dashboard << file.rdbuf();
    const auto shown = metrics_in(dashboard.str());
    const auto printed = metrics_in(service_metrics({}, site_names(), 9));
    CHECK(shown.size() > 10);
    for (const auto& name : shown) {
        CAPTURE(name);
        CHECK(printed.contains(name));
    }
}
