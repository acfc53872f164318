#include "flushd/tool/queue/waiting_table.hpp"

#include "flushd/tool/queue/reason_text.hpp"
#include "flushd/tool/screen/duration.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace flushd::tool {

using std::chrono::seconds;

namespace {

// The ages from which a group's oldest message stands out, and the time before the first message is
// returned.
constexpr seconds notice_age = std::chrono::hours(24);
constexpr seconds alarm_age = std::chrono::hours(72);
constexpr seconds soon_returned = std::chrono::hours(24);

using column = text_table::column;
using cells = std::vector<text_table::cell>;

std::string number(std::size_t value) { return fmt::format("{}", value); }

text_table::cell age_cell(const std::optional<std::time_t>& since, std::time_t now) {
    if (!since)
        return {"-"};
    const seconds age(now - *since);
    return {format_duration(age), age >= alarm_age    ? emphasis::alarm
                                  : age >= notice_age ? emphasis::notice
                                                      : emphasis::none};
}

std::string time_until(const std::optional<std::time_t>& when, const waiting_report& report,
                       const char* unknown = "-") {
    if (!when)
        return unknown;
    return *when <= report.now ? "now" : format_duration(seconds(*when - report.now));
}

text_table::cell return_cell(const std::optional<std::time_t>& when, const waiting_report& report) {
    const bool is_soon = when && *when - report.now <= soon_returned.count();
    return {time_until(when, report), is_soon ? emphasis::alarm : emphasis::none};
}

std::string last_send_text(const last_send& sent, std::time_t now) {
    const auto age = [now](std::time_t when) { return format_duration(seconds(now - when)); };
    return sent.at           ? age(*sent.at) + " ago"
           : sent.none_since ? "not for " + age(*sent.none_since)
                             : "-";
}

const char* unknown_due(const waiting_report& report, std::size_t deferred) {
    return report.survey.from_postqueue && deferred > 0 ? "?" : "-";
}

// Only a destination has a logfile.
constexpr std::ptrdiff_t last_send_column = 9;

cells row_of(std::string name, const waiting_group& group, const site_summary* site,
             const waiting_report& report, bool with_reason) {
    cells result = {
        {std::move(name)},
        {number(group.messages)},
        age_cell(group.oldest, report.now),
        {time_until(group.next, report, unknown_due(report, group.deferred))},
        return_cell(group.returned, report),
        {number(group.in_delivery)},
        {number(group.on_hold)},
        {report.knows_listed
             ? number(group.messages == 0 && site != nullptr ? site->listed : group.listed)
             : "?"},
        {format_size(group.bytes)},
        {site != nullptr ? last_send_text(site->sent, report.now) : "-"},
        {with_reason ? text_for_line(essence_first(group.reason)) : ""}};
    if (report.by != group_by::destination)
        result.erase(result.begin() + last_send_column);
    return result;
}

bool is_by_reason(group_by by) { return by == group_by::reason || by == group_by::reason_class; }

} // namespace

std::string text_for_line(std::string_view text) { return postfix_proto::printable(text); }

text_table table_of_groups(const waiting_report& report) {
    const bool by_reason = is_by_reason(report.by);
    std::vector<column> columns = {
        {.title = std::string(title_of(report.by)),
         .align = column::left,
         .shortened = by_reason ? column::at_the_end : column::in_the_middle,
         .narrowest = by_reason ? 30U : 12U},
        {.title = "MAIL"},
        {.title = "OLDEST", .dispensable = 1},
        {.title = "NEXT", .dispensable = 2},
        {.title = "RETURN", .dispensable = 4},
        {.title = "ACTIVE", .dispensable = 5},
        {.title = "HELD", .dispensable = 6},
        {.title = "LISTED", .dispensable = 7},
        {.title = "SIZE", .dispensable = 9},
        {.title = "LAST SEND", .dispensable = 8},
        {.title = by_reason ? "" : "REASON",
         .align = column::left,
         .shortened = column::at_the_end,
         .narrowest = 8,
         .dispensable = 3}};
    if (report.by != group_by::destination)
        columns.erase(columns.begin() + last_send_column);
    auto table = text_table::with_columns(std::move(columns));
    for (const auto& row : report.rows)
        table.add(row_of(text_for_line(row.name), row.group, row.site ? &*row.site : nullptr,
                         report, !by_reason));
    if (report.left_out > 0)
        table.add({{fmt::format("and {} more", report.left_out)}});
    if (report.rows.size() + report.left_out > 1) {
        const bool has_sites = report.by == group_by::destination && report.knows_listed;
        table.add(row_of("total", report.total, has_sites ? &report.sites_total : nullptr, report,
                         false));
    }
    return table;
}

text_table table_of_messages(const waiting_report& report) {
    using place = queue_files::place;
    auto table = text_table::with_columns({{.title = "QUEUE ID", .align = column::left},
                                           {.title = "AGE"},
                                           {.title = "NEXT", .dispensable = 2},
                                           {.title = "SIZE", .dispensable = 4},
                                           {.title = "SENDER",
                                            .align = column::left,
                                            .shortened = column::in_the_middle,
                                            .narrowest = 10,
                                            .dispensable = 3},
                                           {.title = "RECIPIENT",
                                            .align = column::left,
                                            .shortened = column::in_the_middle,
                                            .narrowest = 12},
                                           {.title = "REASON",
                                            .align = column::left,
                                            .shortened = column::at_the_end,
                                            .narrowest = 8,
                                            .dispensable = 1}});
    for (const auto& one : report.messages) {
        const bool is_active = one.where == place::active || one.where == place::incoming;
        const bool is_deferred = one.where == place::deferred;
        auto recipient = text_for_line(one.recipient);
        if (one.recipients > 1)
            recipient += fmt::format(" +{}", one.recipients - 1);
        table.add({{one.id.str() + (is_active                  ? "*"
                                    : one.where == place::hold ? "!"
                                                               : "")},
                   age_cell(one.arrival, report.now),
                   {time_until(one.due, report, unknown_due(report, is_deferred ? 1 : 0))},
                   {format_size(one.size)},
                   {one.sender.empty() ? "<>" : text_for_line(one.sender)},
                   {std::move(recipient)},
                   {text_for_line(essence_first(one.reason))}});
    }
    if (report.messages_left_out > 0)
        table.add({{fmt::format("and {} more", report.messages_left_out)}});
    return table;
}

} // namespace flushd::tool
