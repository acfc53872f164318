#include "flushd/tool/send/verdict_json.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace flushd::tool {

namespace {

using nlohmann::ordered_json;

void add_counts(ordered_json& object, const message_watch::counts& counts) {
    object["messages"] = counts.all();
    object["delivered"] = counts.delivered;
    object["bounced"] = counts.bounced;
    object["left_queue"] = counts.left;
    object["deferred"] = counts.deferred;
    object["on_hold"] = counts.held;
    object["in_delivery"] = counts.moving;
    object["not_moved"] = counts.waiting;
}

double seconds_of(std::chrono::milliseconds length) {
    return static_cast<double>(length.count()) / 1000;
}

ordered_json json_of(const destination_verdict& one) {
    ordered_json result{{"destination", one.name}, {"status", word_of(one.result)}};
    add_counts(result, one.counts);
    result["destination_down"] = one.is_down;
    if (one.is_from_listing)
        result["source"] = "postqueue";
    auto& reasons = result["reasons"] = ordered_json::array();
    for (const auto& why : one.reasons)
        reasons.push_back({{"reason", why.reason},
                           {"host", why.host.empty() ? ordered_json() : ordered_json(why.host)},
                           {"count", why.count}});
    return result;
}

std::string line_of(const ordered_json& object) {
    return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

} // namespace

std::string progress_line(const message_watch::counts& all, std::chrono::milliseconds elapsed) {
    ordered_json result{{"event", "progress"}, {"seconds", seconds_of(elapsed)}};
    add_counts(result, all);
    return line_of(result);
}

std::string result_line(const verdict& all) {
    ordered_json result{{"event", "result"},
                        {"seconds", seconds_of(all.elapsed)},
                        {"status", word_of(all.result)},
                        {"exit_status", all.exit_status},
                        {"summary", summarise(all)}};
    auto& destinations = result["destinations"] = ordered_json::array();
    for (const auto& one : all.destinations)
        destinations.push_back(json_of(one));
    return line_of(result);
}

std::string host_line(const std::string& host, const std::string& site, const etrn_answer& answer) {
    using kind = etrn_answer::kind;
    const char* const status = answer.what == kind::accepted          ? "accepted"
                               : answer.what == kind::refused         ? "refused"
                               : answer.what == kind::refused_for_now ? "refused_for_now"
                                                                      : "unreachable";
    return line_of({{"event", "host"},
                    {"host", host},
                    {"destination", site},
                    {"status", status},
                    {"code", answer.code > 0 ? ordered_json(answer.code) : ordered_json()},
                    {"text", answer.text}});
}

std::string hosts_line(const std::string& summary, int exit_status) {
    return line_of({{"event", "hosts"}, {"summary", summary}, {"exit_status", exit_status}});
}

} // namespace flushd::tool
