#include "flushd/tool/metrics/queue_metrics.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flushd::tool {

namespace {

using place = queue_files::place;

constexpr std::pair<place, std::string_view> queue_names[] = {
    {place::deferred, "deferred"},
    {place::active, "active"},
    {place::incoming, "incoming"},
    {place::hold, "hold"},
};

// The series of all that has none of its own. A domain of that name is counted there, too.
constexpr std::string_view rest = "other";

/// The sums of one series.
struct sums {
    std::string label;
    std::size_t deferred = 0, in_delivery = 0, on_hold = 0;
    std::int64_t bytes = 0;
    std::optional<std::time_t> oldest{}, returned{};

    [[nodiscard]] std::int64_t messages() const {
        return static_cast<std::int64_t>(deferred + in_delivery + on_hold);
    }
};

void keep_earlier(std::optional<std::time_t>& kept, const std::optional<std::time_t>& other) {
    if (other && (!kept || *other < *kept))
        kept = other;
}

void add(sums& to, const waiting_group& group) {
    to.deferred += group.deferred;
    to.in_delivery += group.in_delivery;
    to.on_hold += group.on_hold;
    to.bytes += group.bytes;
    keep_earlier(to.oldest, group.oldest);
    keep_earlier(to.returned, group.returned);
}

/// The `top` groups with the most messages, in this order, and the rest. Series must differ in
/// their labels, or Prometheus refuses all of them; so groups whose names look the same are added
/// up.
std::vector<sums> bounded(const waiting_groups::map& groups, std::string_view label,
                          std::size_t top) {
    using entry = waiting_groups::map::value_type;
    std::vector<const entry*> order;
    for (const auto& one : groups)
        order.push_back(&one);
    const auto kept = std::min(top, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
                      [](const entry* a, const entry* b) {
                          return a->second.messages != b->second.messages
                                     ? a->second.messages > b->second.messages
                                     : a->first < b->first;
                      });
    std::vector<sums> result;
    const auto series = [&](std::string name) -> sums& {
        const auto found = std::find_if(result.begin(), result.end(),
                                        [&name](const sums& one) { return one.label == name; });
        return found == result.end() ? result.emplace_back(sums{std::move(name)}) : *found;
    };
    for (std::size_t i = 0; i < kept; ++i)
        add(series(metric_label(label, order[i]->first)), order[i]->second);
    if (kept == order.size())
        return result;
    auto& others = series(metric_label(label, rest));
    for (std::size_t i = kept; i < order.size(); ++i)
        add(others, order[i]->second);
    return result;
}

void write_destinations(metric_text& text, const std::vector<sums>& destinations) {
    text.begin("postfix_queue_destination_messages", "gauge",
               "Queued messages by destination and state; delivery: in incoming or active.");
    for (const auto& one : destinations) {
        const std::pair<std::string_view, std::size_t> states[] = {
            {"deferred", one.deferred}, {"delivery", one.in_delivery}, {"hold", one.on_hold}};
        for (const auto& [state, count] : states)
            text.series(static_cast<std::int64_t>(count),
                        one.label + ',' + metric_label("state", state));
    }
    text.begin("postfix_queue_destination_bytes", "gauge", "Size of these messages.");
    for (const auto& one : destinations)
        text.series(one.bytes, one.label);
    text.begin("postfix_queue_destination_oldest_arrival_timestamp_seconds", "gauge",
               "When the oldest of these messages arrived.");
    for (const auto& one : destinations)
        if (one.oldest)
            text.series(*one.oldest, one.label);
    text.begin("postfix_queue_destination_first_return_timestamp_seconds", "gauge",
               "After this time the first of these messages is returned to its sender.");
    for (const auto& one : destinations)
        if (one.returned)
            text.series(*one.returned, one.label);
}

} // namespace

queue_figures::queue_figures(queue_lifetimes lifetimes)
    : lifetimes_(lifetimes), destinations_(group_by::destination, lifetimes),
      relays_(group_by::relay, lifetimes), reasons_(group_by::reason_class, lifetimes) {}

void queue_figures::add(const waiting_message& message) {
    auto& queue = queues_[message.where];
    ++queue.messages;
    queue.bytes += message.size;
    destinations_.add(message);
    relays_.add(message);
    reasons_.add(message);
}

void queue_figures::tell_names(site_names& names) const {
    for (const auto& one : destinations_.groups())
        names.add(one.first);
}

void queue_figures::write(metric_text& text, std::size_t top) const {
    text.begin("postfix_queue_messages", "gauge", "Messages by queue.");
    const auto of = [this](place where) {
        const auto found = queues_.find(where);
        return found == queues_.end() ? one_queue() : found->second;
    };
    for (const auto& [where, name] : queue_names)
        text.series(of(where).messages, metric_label("queue", name));
    text.begin("postfix_queue_bytes", "gauge", "Size of these messages.");
    for (const auto& [where, name] : queue_names)
        text.series(of(where).bytes, metric_label("queue", name));

    const auto& total = destinations_.total();
    text.gauge("postfix_queue_lifetime_seconds", "maximal_queue_lifetime.",
               lifetimes_.mail.count());
    // No time at all, rather than one that is made up.
    if (total.oldest)
        text.gauge("postfix_queue_oldest_arrival_timestamp_seconds",
                   "When the oldest message arrived.", *total.oldest);
    if (total.returned)
        text.gauge("postfix_queue_first_return_timestamp_seconds",
                   "After this time the first message is returned to its sender; none on hold is.",
                   *total.returned);

    text.gauge("postfix_queue_destinations", "Destinations of queued messages.",
               static_cast<std::int64_t>(destinations_.groups().size()));
    write_destinations(text, bounded(destinations_.groups(), "destination", top));
    text.begin("postfix_queue_relay_messages", "gauge",
               "Messages by the server of the last attempt; none: no attempt, or no server.");
    for (const auto& one : bounded(relays_.groups(), "relay", top))
        text.series(one.messages(), one.label);
    text.begin("postfix_queue_reason_messages", "gauge", "Messages by why they wait.");
    for (std::size_t i = 0; i < reason_class_count; ++i) {
        std::string name(name_of(static_cast<reason_class>(i)));
        const auto found = reasons_.groups().find(name);
        std::replace(name.begin(), name.end(), ' ', '_');
        text.series(found == reasons_.groups().end()
                        ? 0
                        : static_cast<std::int64_t>(found->second.messages),
                    metric_label("reason", name));
    }
}

} // namespace flushd::tool
