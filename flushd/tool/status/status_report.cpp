#include "flushd/tool/status/status_report.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace flushd::tool {

namespace {

nlohmann::ordered_json time(const std::optional<std::time_t>& when) {
    return when ? nlohmann::ordered_json(*when) : nlohmann::ordered_json();
}

nlohmann::ordered_json json_of(const site_summary& site) {
    return {{"listed", site.listed},
            {"deferred", site.deferred},
            {"duplicates", site.duplicates},
            {"bad_lines", site.bad},
            {"size", site.size},
            {"oldest_arrival", time(site.oldest)},
            {"last_send", time(site.sent.at)},
            {"no_send_since", time(site.sent.none_since)}};
}

/// Those that are recorded.
nlohmann::ordered_json json_of(const std::vector<unfinished_sends::listed>& sends) {
    auto result = nlohmann::ordered_json::array();
    for (const auto& [what, is_under_way] : sends)
        result.push_back({{"site", what.site},
                          {"under_way", is_under_way},
                          {"first", what.pace.first},
                          {"interval_us", what.pace.interval.count()},
                          {"when_up_until", what.pace.when_up_until
                                                ? nlohmann::ordered_json(*what.pace.when_up_until)
                                                : nlohmann::ordered_json()}});
    return result;
}

nlohmann::ordered_json json_of(const waiting_group& group, const waiting_report& all) {
    return {{"messages", group.messages},
            {"deferred", group.deferred},
            {"in_delivery", group.in_delivery},
            {"on_hold", group.on_hold},
            {"listed",
             all.knows_listed ? nlohmann::ordered_json(group.listed) : nlohmann::ordered_json()},
            {"size", group.bytes},
            {"oldest_arrival", time(group.oldest)},
            {"next_attempt", time(group.next)},
            {"first_returned", time(group.returned)},
            {"reason", group.reason},
            {"reason_class", name_of(group.kind)},
            {"relay", group.relay}};
}

const char* queue_of(queue_files::place where) {
    switch (where) {
    case queue_files::place::deferred:
        return "deferred";
    case queue_files::place::hold:
        return "hold";
    case queue_files::place::incoming:
        return "incoming";
    default:
        return "active";
    }
}

nlohmann::ordered_json json_of(const waiting_mail& one) {
    return {{"queue_id", one.id.str()},
            {"queue", queue_of(one.where)},
            {"arrival", one.arrival},
            {"next_attempt", time(one.due)},
            {"returned", time(one.returned)},
            {"size", one.size},
            {"sender", one.sender},
            {"recipient", one.recipient},
            {"recipients", one.recipients},
            {"reason", one.reason},
            {"relay", one.relay}};
}

} // namespace

std::string_view word_for(group_by by) {
    switch (by) {
    case group_by::destination:
        break;
    case group_by::relay:
        return "relay";
    case group_by::reason:
        return "reason";
    case group_by::reason_class:
        return "reason-class";
    case group_by::sender:
        return "sender";
    case group_by::sender_domain:
        return "sender-domain";
    case group_by::transport:
        return "transport";
    }
    return "destination";
}

std::string json_text(const site_names& names, const waiting_report& all, bool with_messages) {
    auto sites = nlohmann::ordered_json::array();
    for (const auto& site : all.sites) {
        nlohmann::ordered_json one{{"logfile", site.file.name()}, {"sites", names.of(site.file)}};
        one.update(json_of(site));
        sites.push_back(std::move(one));
    }
    auto groups = nlohmann::ordered_json::array();
    for (const auto& row : all.rows) {
        nlohmann::ordered_json one{{"name", row.name}};
        one.update(json_of(row.group, all));
        groups.push_back(std::move(one));
    }
    nlohmann::ordered_json result{{"time", all.now},
                                  {"sites", std::move(sites)},
                                  {"sends", json_of(all.sends)},
                                  {"total", json_of(all.sites_total)},
                                  {"by", word_for(all.by)},
                                  {"groups", std::move(groups)},
                                  {"groups_left_out", all.left_out},
                                  {"waiting", json_of(all.total, all)}};
    result["total"]["sites"] = all.sites.size() + all.sites_left_out;
    if (with_messages) {
        auto messages = nlohmann::ordered_json::array();
        for (const auto& one : all.messages)
            messages.push_back(json_of(one));
        result["messages"] = std::move(messages);
        result["messages_left_out"] = all.messages_left_out;
    }
    return result.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

} // namespace flushd::tool
