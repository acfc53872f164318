#include "flushd/tool/check/check_report.hpp"

#include "flushd/tool/screen/counted.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

namespace flushd::tool {

using level = finding::level;

namespace {

std::string_view word_of(check_status status) {
    switch (status) {
    case check_status::ok:
        break;
    case check_status::warning:
        return "WARNING";
    case check_status::critical:
        return "CRITICAL";
    case check_status::unknown:
        return "UNKNOWN";
    }
    return "OK";
}

/// "1 error, 2 warnings", of what there is.
std::string numbers_of(const findings& all) {
    std::vector<std::string> parts;
    if (const auto n = all.count(level::error); n > 0)
        parts.push_back(counted(n, "error"));
    if (const auto n = all.count(level::warning); n > 0)
        parts.push_back(counted(n, "warning"));
    if (const auto n = all.count(level::unknown); n > 0)
        parts.push_back(fmt::format("{} unknown", n));
    return parts.empty() ? counted(all.count(level::ok), "check") + " passed"
                         : fmt::format("{}", fmt::join(parts, ", "));
}

/// The first finding of the worst level; nothing if all is well.
const finding* worst_of(const findings& all) {
    for (const auto what : {level::error, level::warning, level::unknown}) {
        const auto& list = all.all();
        const auto found = std::find_if(list.begin(), list.end(),
                                        [what](const auto& one) { return one.what == what; });
        if (found != list.end())
            return &*found;
    }
    return nullptr;
}

} // namespace

check_status status_of(const findings& all) {
    if (all.count(level::error) > 0)
        return check_status::critical;
    if (all.count(level::warning) > 0)
        return check_status::warning;
    return all.count(level::unknown) > 0 ? check_status::unknown : check_status::ok;
}

std::string summary_of(const findings& all) {
    auto text = fmt::format("FLUSHD {} - {}", word_of(status_of(all)), numbers_of(all));
    if (const auto* worst = worst_of(all))
        text += ": " + worst->text;
    std::replace(text.begin(), text.end(), '|', '/');
    return text + '\n';
}

std::string json_of(const findings& all) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& one : all.all())
        list.push_back({{"level", word_of(one.what)}, {"text", one.text}});
    const auto status = status_of(all);
    auto summary = summary_of(all);
    summary.pop_back();
    const nlohmann::ordered_json result{{"status", word_of(status)},
                                        {"exit_status", static_cast<int>(status)},
                                        {"errors", all.count(level::error)},
                                        {"warnings", all.count(level::warning)},
                                        {"unknown", all.count(level::unknown)},
                                        {"summary", summary},
                                        {"findings", std::move(list)}};
    return result.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

} // namespace flushd::tool
