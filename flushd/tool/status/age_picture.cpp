#include "flushd/tool/status/age_picture.hpp"

#include "flushd/tool/screen/counted.hpp"
#include "flushd/tool/screen/duration.hpp"
#include "flushd/tool/screen/text_table.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

namespace flushd::tool {

using std::chrono::seconds;

namespace {

// So much of a name stands beside an age on the narrowest telephone; the rest is in its tooltip.
constexpr std::size_t longest_name = 28;
// In pixels.
constexpr int top = 24, row_height = 42, text_line = 16, bar_begin = 23, bar_height = 10;

constexpr long minute = 60, hour = 60 * minute, day = 24 * hour;
// The ends of the axis that are divided into parts that have a name.
struct scale {
    long length;
    int parts;
};
constexpr scale scales[] = {{minute, 4},   {5 * minute, 5}, {20 * minute, 4}, {hour, 4},
                            {3 * hour, 3}, {6 * hour, 3},   {12 * hour, 4},   {day, 4},
                            {2 * day, 4},  {5 * day, 5},    {8 * day, 4},     {20 * day, 4},
                            {40 * day, 4}, {100 * day, 4},  {400 * day, 4},   {4000 * day, 4}};

scale scale_for(long age) {
    const auto* const found = std::find_if(std::begin(scales), std::end(scales) - 1,
                                           [age](const scale& one) { return age <= one.length; });
    return *found;
}

long age_of(const waiting_group& group, std::time_t now) {
    return group.oldest ? std::max<long>(now - *group.oldest, 0) : 0;
}

void add_axis(std::string& svg, const scale& axis, int height) {
    for (int part = 0; part <= axis.parts; ++part) {
        const double x = 100.0 * part / axis.parts;
        const auto* const anchor = part == 0 ? "start" : part == axis.parts ? "end" : "middle";
        fmt::format_to(std::back_inserter(svg),
                       "<line class=\"grid\" x1=\"{0:.2f}%\" x2=\"{0:.2f}%\" y1=\"{1}\" "
                       "y2=\"{2}\"/><text class=\"tick\" x=\"{0:.2f}%\" y=\"13\" "
                       "text-anchor=\"{3}\">{4}</text>\n",
                       x, top - 6, height, anchor,
                       part == 0 ? std::string("0")
                                 : format_duration(seconds(axis.length * part / axis.parts)));
    }
}

void add_bar(std::string& svg, const html_row& row, std::time_t now, const scale& axis, int y) {
    const auto age = age_of(*row.group, now);
    // A thin line for what has just arrived.
    const double width =
        std::clamp(100.0 * static_cast<double>(age) / static_cast<double>(axis.length), 0.3, 100.0);
    const auto name = postfix_proto::printable(row.name);
    fmt::format_to(std::back_inserter(svg),
                   "<g><title>{}: {}, the oldest {}</title>"
                   "<text class=\"name\" x=\"0\" y=\"{}\">{}</text>"
                   "<text class=\"age\" x=\"100%\" y=\"{}\" text-anchor=\"end\">{}</text>"
                   "<rect class=\"track\" x=\"0\" y=\"{}\" width=\"100%\" height=\"{}\" rx=\"2\"/>"
                   "<rect class=\"{}\" x=\"0\" y=\"{}\" width=\"{:.2f}%\" height=\"{}\" "
                   "rx=\"2\"/></g>\n",
                   html_text(name), counted(row.group->messages, "message"),
                   format_duration(seconds(age)), y + text_line,
                   html_text(shorten(name, longest_name)), y + text_line,
                   format_duration(seconds(age)), y + bar_begin, bar_height,
                   class_of(urgency_of(*row.group, now)), y + bar_begin, width, bar_height);
}

} // namespace

urgency urgency_of(const waiting_group& group, std::time_t now) {
    if (!group.oldest || !group.returned || *group.returned <= *group.oldest)
        return urgency::none;
    const auto passed = static_cast<double>(now - *group.oldest) /
                        static_cast<double>(*group.returned - *group.oldest);
    return passed >= 0.8 ? urgency::great : passed >= 0.5 ? urgency::some : urgency::none;
}

std::string_view class_of(urgency how) {
    return how == urgency::great ? "late" : how == urgency::some ? "soon" : "calm";
}

std::string age_picture(const html_report& report) {
    std::vector<html_row> rows;
    std::copy_if(report.rows.begin(), report.rows.end(), std::back_inserter(rows),
                 [](const html_row& row) { return row.group->oldest.has_value(); });
    if (rows.empty())
        return {};
    std::stable_sort(rows.begin(), rows.end(), [](const html_row& a, const html_row& b) {
        return *a.group->oldest < *b.group->oldest;
    });
    if (rows.size() > most_bars)
        rows.resize(most_bars);
    const auto axis = scale_for(age_of(*rows.front().group, report.now));
    const int height = top + row_height * static_cast<int>(rows.size());
    auto svg = fmt::format("<svg role=\"img\" aria-label=\"Age of the oldest message of each of "
                           "these {}\" width=\"100%\" height=\"{}\" "
                           "xmlns=\"http://www.w3.org/2000/svg\">\n",
                           html_text(report.plural), height);
    add_axis(svg, axis, height);
    int y = top;
    for (const auto& row : rows) {
        add_bar(svg, row, report.now, axis, y);
        y += row_height;
    }
    return svg + "</svg>\n";
}

} // namespace flushd::tool
