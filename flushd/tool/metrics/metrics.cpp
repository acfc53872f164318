#include "flushd/tool/metrics/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace flushd::tool {

namespace {

std::string label(std::string_view value) {
    std::string result;
    for (const char c : value) {
        if (c == '\\' || c == '"')
            result += '\\';
        result += c == '\n' ? ' ' : c;
    }
    return result;
}

void begin(std::string& text, std::string_view name, std::string_view type, std::string_view help) {
    text += fmt::format("# HELP postfix_flush_{0} {2}\n# TYPE postfix_flush_{0} {1}\n", name, type,
                        help);
}

void gauge(std::string& text, std::string_view name, std::string_view help, std::int64_t value) {
    begin(text, name, "gauge", help);
    text += fmt::format("postfix_flush_{} {}\n", name, value);
}

void add_counters(std::string& text, const counter_sums& sums) {
    // All series of a metric must be together.
    struct metric {
        std::string_view help;
        std::string series;
    };
    std::map<std::string_view, metric> metrics;
    for (std::size_t i = 0; i < counter_count; ++i) {
        const auto& name = name_of(static_cast<counter>(i));
        const auto found = sums.find(name.key);
        const std::uint64_t value = found == sums.end() ? 0 : found->second;
        auto& [help, series] = metrics[name.metric.name];
        help = name.metric.help;
        series += fmt::format("postfix_flush_{}_total", name.metric.name);
        if (!name.labels.empty())
            series += fmt::format("{{{}}}", name.labels);
        series += name.metric.is_microseconds
                      ? fmt::format(" {}.{:06}\n", value / 1000000, value % 1000000)
                      : fmt::format(" {}\n", value);
    }
    for (const auto& [name, one] : metrics) {
        begin(text, fmt::format("{}_total", name), "counter", one.help);
        text += one.series;
    }
}

template <typename Value>
void add_destinations(std::string& text, std::string_view name, std::string_view help,
                      const std::vector<site_summary>& sites, const site_names& names,
                      Value value) {
    begin(text, name, "gauge", help);
    for (const auto& site : sites)
        text += fmt::format("postfix_flush_{}{{destination=\"{}\"}} {}\n", name,
                            label(names.display(site.file)), value(site));
}

} // namespace

std::string format_metrics(const counter_sums& sums, std::vector<site_summary> sites,
                           const site_names& names, std::size_t top, std::time_t now) {
    std::string text;
    add_counters(text, sums);

    const auto age = [now](const site_summary& site) -> std::int64_t {
        return site.oldest ? std::max<std::int64_t>(now - *site.oldest, 0) : 0;
    };
    const auto total = total_of(sites);
    gauge(text, "destinations", "Destinations with listed mail.",
          static_cast<std::int64_t>(sites.size()));
    gauge(text, "listed_messages", "Listed messages of all destinations.",
          static_cast<std::int64_t>(total.listed));
    gauge(text, "deferred_messages", "Listed messages that are still deferred.",
          static_cast<std::int64_t>(total.deferred));
    gauge(text, "deferred_bytes", "Size of these deferred messages.", total.size);
    gauge(text, "duplicate_lines", "Lines of logfiles that repeat a queue ID.",
          static_cast<std::int64_t>(total.duplicates));
    gauge(text, "oldest_message_age_seconds", "Age of the oldest of these deferred messages.",
          age(total));

    sort_sites(sites, sort_key::deferred);
    if (sites.size() > top)
        sites.erase(sites.begin() + static_cast<std::ptrdiff_t>(top), sites.end());
    add_destinations(text, "destination_listed_messages", "Listed messages.", sites, names,
                     [](const site_summary& site) { return site.listed; });
    add_destinations(text, "destination_deferred_messages",
                     "Listed messages that are still deferred.", sites, names,
                     [](const site_summary& site) { return site.deferred; });
    add_destinations(text, "destination_deferred_bytes", "Size of these deferred messages.", sites,
                     names, [](const site_summary& site) { return site.size; });
    add_destinations(text, "destination_oldest_message_age_seconds",
                     "Age of the oldest of these deferred messages.", sites, names, age);
    return text;
}

} // namespace flushd::tool
