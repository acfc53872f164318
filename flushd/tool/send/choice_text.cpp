#include "flushd/tool/screen/duration.hpp"
#include "flushd/tool/screen/terminal.hpp"
#include "flushd/tool/screen/text_table.hpp"
#include "flushd/tool/send/chosen_send.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <ctime>

namespace flushd::tool {

namespace {

using nlohmann::ordered_json;

std::string age_text(const std::optional<std::time_t>& when, std::time_t now) {
    return when ? format_duration(std::chrono::seconds(now - *when)) : "-";
}

ordered_json age_json(const std::optional<std::time_t>& when, std::time_t now) {
    return when ? ordered_json(now - *when) : ordered_json();
}

void print_json(const chosen_mail& mail, std::time_t now) {
    ordered_json result{{"event", "selection"},
                        {"messages", mail.deferred()},
                        {"on_hold", mail.held()},
                        {"oldest_seconds", age_json(mail.oldest(), now)}};
    auto& destinations = result["destinations"] = ordered_json::array();
    for (const auto& one : mail.destinations())
        destinations.push_back({{"destination", one.domain},
                                {"messages", one.deferred},
                                {"on_hold", one.held},
                                {"oldest_seconds", age_json(one.oldest, now)}});
    fmt::print("{}\n", result.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

} // namespace

void print_choice(const chosen_mail& mail, bool as_json) {
    const auto now = std::time(nullptr);
    if (as_json)
        return print_json(mail, now);
    const auto all = mail.destinations();
    if (all.empty()) {
        fmt::print("No mail to send.\n");
        return;
    }
    text_table table({"DESTINATION", "MESSAGES", "ON HOLD", "OLDEST"});
    for (const auto& one : all)
        table.add({{one.domain.empty() ? "(none)" : postfix_proto::printable(one.domain)},
                   {fmt::format("{}", one.deferred)},
                   {fmt::format("{}", one.held)},
                   {age_text(one.oldest, now)}});
    if (all.size() > 1) // a message to several destinations counts once here
        table.add({{"total"},
                   {fmt::format("{}", mail.deferred())},
                   {fmt::format("{}", mail.held())},
                   {age_text(mail.oldest(), now)}});
    const auto width = is_terminal(stdout) ? size_of_terminal(stdout).columns : 0;
    fmt::print("{}", table.render(width, has_colour(stdout)));
}

} // namespace flushd::tool
