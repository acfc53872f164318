#include "flushd/tool/status/status_report.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace flushd::tool {

namespace {

nlohmann::ordered_json json_of(const site_summary& site) {
    const auto time = [](const std::optional<std::time_t>& when) {
        return when ? nlohmann::ordered_json(*when) : nlohmann::ordered_json();
    };
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

} // namespace

std::string json_text(const site_names& names, const status_report& all) {
    auto sites = nlohmann::ordered_json::array();
    for (const auto& site : all.sites) {
        nlohmann::ordered_json one{{"logfile", site.file.name()}, {"sites", names.of(site.file)}};
        one.update(json_of(site));
        sites.push_back(std::move(one));
    }
    nlohmann::ordered_json result{{"time", all.now},
                                  {"sites", std::move(sites)},
                                  {"sends", json_of(all.sends)},
                                  {"total", json_of(all.total)}};
    result["total"]["sites"] = all.sites.size() + all.left_out;
    return result.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

} // namespace flushd::tool
