#include "catch.hpp"

#include "flushd/tool/queue/named_destinations.hpp"
#include "flushd/tool/queue/waiting_report.hpp"
#include "flushd/tool/queue/waiting_table.hpp"

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace flushd;
using namespace flushd::tool;

namespace {

waiting_message message(std::string_view id, std::int64_t size,
                        queue_files::place where = queue_files::place::deferred) {
    waiting_message result(*postfix_proto::queue_id::parse(id));
    result.where = where;
    result.size = size;
    result.arrival = 1000;
    return result;
}

listed_site listing(std::string_view name, const std::vector<std::string>& ids) {
    listed_site result(*logfile_name::from_name(name));
    for (const auto& id : ids)
        result.ids.push_back(*postfix_proto::queue_id::parse(id));
    return result;
}

waiting_row row(std::string name, std::size_t messages, std::optional<std::time_t> oldest) {
    waiting_row result{std::move(name), {}, std::nullopt};
    result.group.messages = messages;
    result.group.oldest = oldest;
    return result;
}

std::string order(std::vector<waiting_row> rows, waiting_column by) {
    sort_rows(rows, by);
    std::string result;
    for (const auto& one : rows)
        result += one.name;
    return result;
}

} // namespace

TEST_CASE("an index knows the logfiles that list a message, and what is deferred of each") {
    listing_index index({listing("a_tld", {"A1", "B2", "C3"}), listing("b_tld", {"B2"})}, {});
    const auto a = *index.find(*logfile_name::from_name("a_tld"));
    const auto b = *index.find(*logfile_name::from_name("b_tld"));
    CHECK_FALSE(index.find(*logfile_name::from_name("c_tld")));
    index.count(message("A1", 10));
    CHECK(index.lists(a));
    CHECK_FALSE(index.lists(b));
    index.count(message("B2", 20));
    CHECK(index.lists(a));
    CHECK(index.lists(b));
    index.count(message("D4", 40));
    CHECK_FALSE(index.lists(a));
    index.count(message("C3", 80, queue_files::place::active));
    CHECK(index.lists(a));
    CHECK(index.summaries()[a].listed == 3);
    CHECK(index.summaries()[a].deferred == 2);
    CHECK(index.summaries()[a].size == 30);
    CHECK(index.summaries()[b].deferred == 1);
}

TEST_CASE("rows are sorted by what is asked for; those without a value come last") {
    const std::vector<waiting_row> rows = {row("a", 1, 300), row("b", 5, 100),
                                           row("c", 5, std::nullopt)};
    CHECK(order(rows, waiting_column::messages) == "bca");
    CHECK(order(rows, waiting_column::oldest) == "bac");
    CHECK(order(rows, waiting_column::name) == "abc");
}

TEST_CASE("a named destination is recognised in any form, a logfile's name stands for several") {
    const site_names names;
    const named_destinations some({"Customer.TLD", "b\303\274cher.tld", "a_b_tld"}, names);
    CHECK(some.contains("customer.tld"));
    CHECK(some.contains("CUSTOMER.tld"));
    CHECK(some.contains("xn--bcher-kva.tld"));
    CHECK(some.contains("B\303\234cher.tld"));
    CHECK(some.contains("a-b.tld"));
    CHECK(some.contains("a.b.tld"));
    CHECK_FALSE(some.contains("sub.customer.tld"));
    CHECK_FALSE(some.contains("customer_tld"));
    CHECK(named_destinations().contains("any.tld"));
}

TEST_CASE("a table of groups fits any width, with the name of the destination always there") {
    waiting_report report;
    report.now = 100'000;
    report.rows = {
        row("a-rather-long-name-of-a-destination.customer.tld", 12345, 1000),
        row("\346\227\245\346\234\254\350\252\236\346\227\245\346\234\254\350\252\236\346"
            "\227\245\346\234\254.tld",
            3, 99'000)};
    report.rows[0].group.reason = "connect to mx.a.tld[192.0.2.1]:25: Connection refused";
    for (std::size_t width = 40; width <= 300; ++width) {
        CAPTURE(width);
        std::istringstream lines(table_of_groups(report).render(width, false));
        for (std::string line; std::getline(lines, line);)
            CHECK(display_width(line) <= width);
    }
    CHECK(table_of_groups(report).render(300, false).find("Connection refused (connect to mx") !=
          std::string::npos);
    CHECK(table_of_groups(report).render(40, false).find("12345") != std::string::npos);
}

TEST_CASE("wide characters take two columns, combining ones none") {
    CHECK(display_width("\346\227\245\346\234\254") == 4);
    CHECK(display_width("e\314\201a") == 2);
    CHECK(display_width("\360\237\230\200") == 2);
    CHECK(display_width("\377\376") == 2);
    CHECK(display_width(
              shorten("\346\227\245\346\234\254\350\252\236\346\227\245\346\234\254", 7)) <= 7);
    CHECK(shorten_end("connection refused", 10) == "connecti..");
    CHECK(shorten_end("short", 10) == "short");
}
