#include "flushd/core/send_pace.hpp"

#include "flushd/core/words.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace flushd {

namespace {

bool set(send_pace& pace, std::string_view name, std::int64_t value) {
    if (name == "every")
        pace.interval = std::chrono::microseconds(value);
    else if (name == "first")
        pace.first = static_cast<std::size_t>(value);
    else if (name == "up")
        pace.when_up_until = static_cast<std::time_t>(value);
    else if (name == "by")
        pace.user = static_cast<uid_t>(value);
    else
        return false;
    return true;
}

} // namespace

std::string format_pace(const send_pace& pace) {
    std::string text;
    const auto add = [&](std::string_view name, std::int64_t value) {
        text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, value);
    };
    if (pace.interval.count() > 0)
        add("every", pace.interval.count());
    if (pace.first > 0)
        add("first", static_cast<std::int64_t>(pace.first));
    if (pace.when_up_until)
        add("up", *pace.when_up_until);
    if (pace.user)
        add("by", *pace.user);
    return text.empty() ? "-" : text;
}

std::optional<send_pace> parse_pace(std::string_view text) {
    send_pace result;
    if (text == "-")
        return result;
    while (true) {
        const auto item = text.substr(0, text.find(','));
        const auto equals = item.find('=');
        if (equals == std::string_view::npos)
            return std::nullopt;
        const auto value = whole_number<std::int64_t>(item.substr(equals + 1));
        if (!value || *value < 0 || !set(result, item.substr(0, equals), *value))
            return std::nullopt;
        if (item.size() == text.size())
            return result;
        text.remove_prefix(item.size() + 1);
    }
}

} // namespace flushd
