#include "flushd/tool/metrics/service_metrics.hpp"

#include "flushd/tool/metrics/metric_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace flushd::tool {

namespace {

void add_counters(metric_text& text, const counter_sums& sums) {
    // All series of a metric must be together.
    std::map<std::string_view, std::vector<const counter_name*>> metrics;
    for (std::size_t i = 0; i < counter_count; ++i) {
        const auto& name = name_of(static_cast<counter>(i));
        metrics[name.metric.name].push_back(&name);
    }
    for (const auto& [name, counters] : metrics) {
        text.begin(fmt::format("postfix_flush_{}_total", name), "counter",
                   counters.front()->metric.help);
        for (const auto* one : counters) {
            const auto found = sums.find(one->key);
            const std::uint64_t value = found == sums.end() ? 0 : found->second;
            text.series_text(one->metric.is_microseconds
                                 ? fmt::format("{}.{:06}", value / 1000000, value % 1000000)
                                 : fmt::format("{}", value),
                             one->labels);
        }
    }
}

template <typename Value>
void add_destinations(metric_text& text, std::string_view name, std::string_view help,
                      const std::vector<site_summary>& sites, const site_names& names,
                      Value value) {
    text.begin(name, "gauge", help);
    for (const auto& site : sites)
        text.series(static_cast<std::int64_t>(value(site)),
                    metric_label("destination", names.display(site.file)));
}

} // namespace

void add_service_metrics(metric_text& text, const counter_sums& sums,
                         std::vector<site_summary> sites, const site_names& names, std::size_t top,
                         std::time_t now) {
    add_counters(text, sums);

    const auto age = [now](const site_summary& site) -> std::int64_t {
        return site.oldest ? std::max<std::int64_t>(now - *site.oldest, 0) : 0;
    };
    const auto total = total_of(sites);
    text.gauge("postfix_flush_destinations", "Destinations with listed mail.",
               static_cast<std::int64_t>(sites.size()));
    text.gauge("postfix_flush_listed_messages", "Listed messages of all destinations.",
               static_cast<std::int64_t>(total.listed));
    text.gauge("postfix_flush_deferred_messages", "Listed messages that are still deferred.",
               static_cast<std::int64_t>(total.deferred));
    text.gauge("postfix_flush_deferred_bytes", "Size of these deferred messages.", total.size);
    text.gauge("postfix_flush_duplicate_lines", "Lines of logfiles that repeat a queue ID.",
               static_cast<std::int64_t>(total.duplicates));
    text.gauge("postfix_flush_oldest_message_age_seconds",
               "Age of the oldest of these deferred messages.", age(total));

    sort_sites(sites, sort_key::deferred);
    if (sites.size() > top)
        sites.erase(sites.begin() + static_cast<std::ptrdiff_t>(top), sites.end());
    add_destinations(text, "postfix_flush_destination_listed_messages", "Listed messages.", sites,
                     names, [](const site_summary& site) { return site.listed; });
    add_destinations(text, "postfix_flush_destination_deferred_messages",
                     "Listed messages that are still deferred.", sites, names,
                     [](const site_summary& site) { return site.deferred; });
    add_destinations(text, "postfix_flush_destination_deferred_bytes",
                     "Size of these deferred messages.", sites, names,
                     [](const site_summary& site) { return site.size; });
    add_destinations(text, "postfix_flush_destination_oldest_message_age_seconds",
                     "Age of the oldest of these deferred messages.", sites, names, age);
}

} // namespace flushd::tool
