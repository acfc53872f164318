#include "flushd/tool/status/html_page.hpp"

#include "flushd/tool/screen/duration.hpp"
#include "flushd/tool/screen/text_table.hpp"
#include "flushd/tool/status/age_picture.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>

namespace flushd::tool {

using std::chrono::seconds;

namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --back: #ffffff; --card: #f4f6f8; --text: #1c2128; --quiet: #57606a;
  --line: #d5dae0; --calm: #2f76b5; --soon: #b26a00; --late: #c4282d; }
@media (prefers-color-scheme: dark) { :root { --back: #14181d; --card: #1e242b; --text: #e4e8ec; --quiet: #9aa5b1;
  --line: #343c46; --calm: #5aa2e0; --soon: #e0a030; --late: #ff6b6b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem; max-width: 80rem; background: var(--back); color: var(--text);
  font: 15px/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.35rem; margin: 0; } h2 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
p { margin: .25rem 0; color: var(--quiet); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .6rem; margin: 1rem 0; }
dl div { background: var(--card); border-radius: 6px; padding: .6rem .75rem; }
dt { color: var(--quiet); font-size: .85rem; } dd { margin: 0; font-size: 1.3rem; font-weight: 600; }
svg { display: block; } svg text { fill: var(--text); font-size: 13px; } svg .tick { fill: var(--quiet); font-size: 12px; }
svg .grid { stroke: var(--line); } svg .track { fill: var(--card); }
rect.calm { fill: var(--calm); } rect.soon { fill: var(--soon); } rect.late { fill: var(--late); }
td.soon, dd.soon { color: var(--soon); } td.late, dd.late { color: var(--late); font-weight: 600; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .5rem; text-align: right; vertical-align: top; border-bottom: 1px solid var(--line);
  overflow-wrap: normal; white-space: nowrap; }
th { color: var(--quiet); font-weight: 500; white-space: normal; }
.name, .why { text-align: left; white-space: normal; overflow-wrap: anywhere; }
td.name { min-width: 15rem; font-weight: 600; } td.why { min-width: 16rem; color: var(--quiet); }
@media (max-width: 60rem) {
  thead { display: none; } table, tbody, tr, td { display: block; }
  tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
  td { display: flex; justify-content: space-between; gap: 1rem; border: 0; padding: .1rem 0; white-space: normal; }
  td:empty { display: none; } td::before { content: attr(data-title); color: var(--quiet); font-weight: 400; }
  td.name { display: block; } td.why { display: block; } td.name::before, td.why::before { content: none; }
}
)";

std::string absolute_time(std::time_t when) {
    struct tm parts {};
    char text[64];
    if (::localtime_r(&when, &parts) == nullptr ||
        std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %Z", &parts) == 0)
        return {};
    return text;
}

std::string age(const std::optional<std::time_t>& since, std::time_t now) {
    return since ? format_duration(seconds(now - *since)) : std::string();
}

/// How long it is until then.
std::string rest(const std::optional<std::time_t>& then, std::time_t now) {
    if (!then)
        return {};
    return *then <= now ? "now" : format_duration(seconds(*then - now));
}

std::string number(std::size_t count) { return count == 0 ? std::string() : std::to_string(count); }

void add_tile(std::string& page, std::string_view title, std::string_view value,
              std::string_view kind = {}) {
    fmt::format_to(std::back_inserter(page), "<div><dt>{}</dt><dd class=\"{}\">{}</dd></div>\n",
                   html_text(title), kind, value.empty() ? "none" : html_text(value));
}

void add_tiles(std::string& page, const html_report& report) {
    const auto& total = *report.total;
    const auto how = class_of(urgency_of(total, report.now));
    std::string title(report.plural);
    if (!title.empty() && title.front() >= 'a' && title.front() <= 'z')
        title.front() = static_cast<char>(title.front() - 'a' + 'A');
    page += "<dl>\n";
    add_tile(page, "Messages", std::to_string(total.messages));
    add_tile(page, title, std::to_string(report.rows.size() + report.left_out));
    add_tile(page, "Oldest", age(total.oldest, report.now), how);
    add_tile(page, "First is returned in", rest(total.returned, report.now), how);
    add_tile(page, "In delivery", std::to_string(total.in_delivery));
    add_tile(page, "On hold", std::to_string(total.on_hold));
    add_tile(page, "Size", format_size(total.bytes));
    page += "</dl>\n";
}

/// A cell with its column's title, which is shown beside it on a narrow screen.
void add_cell(std::string& page, std::string_view title, std::string_view text,
              std::string_view kind = {}) {
    fmt::format_to(std::back_inserter(page), "<td class=\"{}\" data-title=\"{}\">{}</td>", kind,
                   html_text(title), html_text(text));
}

/// The same for a text of others, whose direction must not reach beyond it.
void add_foreign_cell(std::string& page, std::string_view kind, std::string_view text) {
    fmt::format_to(std::back_inserter(page), "<td class=\"{}\"><bdi>{}</bdi></td>", kind,
                   html_text(text));
}

void add_row(std::string& page, const html_row& row, std::time_t now) {
    const auto& group = *row.group;
    const auto how = class_of(urgency_of(group, now));
    page += "<tr>";
    add_foreign_cell(page, "name", row.name);
    add_cell(page, "Messages", std::to_string(group.messages));
    add_cell(page, "Oldest", age(group.oldest, now), how);
    add_cell(page, "Next attempt in", rest(group.next, now));
    add_cell(page, "Returned in", rest(group.returned, now), how);
    add_cell(page, "In delivery", number(group.in_delivery));
    add_cell(page, "On hold", number(group.on_hold));
    add_cell(page, "Size", format_size(group.bytes));
    add_foreign_cell(page, "why", group.reason);
    page += "</tr>\n";
}

void add_table(std::string& page, const html_report& report) {
    fmt::format_to(
        std::back_inserter(page),
        "<h2>All {}</h2>\n<table>\n<thead><tr><th class=\"name\">{}</th><th>Messages</th>"
        "<th>Oldest</th><th>Next attempt in</th><th>Returned in</th><th>In delivery</th>"
        "<th>On hold</th><th>Size</th><th class=\"why\">Most frequent reason</th></tr>"
        "</thead>\n<tbody>\n",
        html_text(report.plural), html_text(report.name_title));
    for (const auto& row : report.rows)
        add_row(page, row, report.now);
    page += "</tbody>\n</table>\n";
    if (report.left_out > 0)
        fmt::format_to(std::back_inserter(page), "<p>{} more {} are not shown.</p>\n",
                       report.left_out, html_text(report.plural));
}

} // namespace

std::string html_text(std::string_view text) {
    std::string result;
    for (const char c : postfix_proto::printable(text)) {
        switch (c) {
        case '&':
            result += "&amp;";
            break;
        case '<':
            result += "&lt;";
            break;
        case '>':
            result += "&gt;";
            break;
        case '"':
            result += "&quot;";
            break;
        case '\'':
            result += "&#39;";
            break;
        default:
            result += c;
        }
    }
    return result;
}

std::string html_page(const html_report& report) {
    const auto host = html_text(report.host);
    auto page =
        fmt::format("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                    "style-src 'unsafe-inline'\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"robots\" content=\"noindex\">\n"
                    "<title>Mail that waits on {0}</title>\n<style>{1}</style>\n</head>\n<body>\n"
                    "<h1>Mail that waits on {0}</h1>\n<p>As of {2}</p>\n",
                    host, style, html_text(absolute_time(report.now)));
    if (report.total->messages == 0)
        return page + "<p>No mail waits.</p>\n</body>\n</html>\n";
    add_tiles(page, report);
    if (const auto picture = age_picture(report); !picture.empty())
        page += (report.rows.size() > most_bars
                     ? fmt::format("<h2>Age of the oldest message: the {} oldest {}</h2>\n",
                                   most_bars, html_text(report.plural))
                     : "<h2>Age of the oldest message</h2>\n") +
                picture;
    if (!report.rows.empty())
        add_table(page, report);
    return page + "</body>\n</html>\n";
}

} // namespace flushd::tool
