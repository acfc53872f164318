#include "flushd/tool/log/log_report.hpp"

#include "flushd/tool/screen/duration.hpp"
#include "flushd/tool/screen/text_table.hpp"
#include "flushd/tool/screen/wrapped_text.hpp"

#include "postfix_proto/brace_syntax.hpp"

#include <fmt/format.h>

#include <pwd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace flushd::tool {

namespace {

constexpr std::size_t result_indent = 4;

struct named_count {
    std::uint64_t count;
    std::string_view name;
};

void append(std::string& list, const named_count& one) {
    if (one.count > 0)
        list += fmt::format("{}{} {}", list.empty() ? "" : ", ", one.count, one.name);
}

std::string local_time(std::time_t when, std::time_t now) {
    std::tm local{}, today{};
    ::localtime_r(&when, &local);
    ::localtime_r(&now, &today);
    const bool is_today = local.tm_year == today.tm_year && local.tm_yday == today.tm_yday;
    char text[sizeof "2026-11-27 00:00:00 and room"];
    std::strftime(text, sizeof text, is_today ? "%T" : "%F %R", &local);
    return text;
}

std::string duration_text(std::chrono::milliseconds took) {
    using namespace std::chrono;
    if (took < seconds(10))
        return fmt::format("{:.1f}s", duration<double>(took).count());
    return format_duration(duration_cast<seconds>(took));
}

/// Titles and a row for each send, without the results.
text_table plain_table(const log_report& all) {
    text_table table({"DESTINATION", "ASKED", "BY", "TOOK", "MOVED"});
    for (const auto& send : all.sends)
        table.add({{send.site},
                   {local_time(send.asked, all.now)},
                   {requester_of(send, all.mail_owner)},
                   {duration_text(send.took)},
                   {fmt::format("{}", send.moved)}});
    return table;
}

} // namespace

std::string requester_of(const send_record& send, uid_t mail_owner) {
    if (send.is_resumed)
        return "(resumed)";
    if (!send.user)
        return "-";
    if (*send.user == mail_owner)
        return "ETRN";
    const passwd* const entry = ::getpwuid(*send.user);
    return entry == nullptr ? fmt::format("{}", *send.user) : entry->pw_name;
}

std::string result_of(const send_record& send) {
    std::string text;
    for (const named_count& one : {named_count{send.delivered, "delivered"},
                                   {send.bounced, "bounced"},
                                   {send.gone, "left the queue"},
                                   {send.deferred, "deferred"},
                                   {send.held, "on hold"},
                                   {send.in_delivery, "in delivery at last sight"},
                                   {send.left, "not tried"},
                                   {send.failed, "not moved"},
                                   {send.missing, "gone before"}})
        append(text, one);
    if (text.empty())
        text = "nothing to send";
    if (!send.reason.empty())
        text += fmt::format(" ({})", send.reason);
    return text;
}

std::string log_table(const log_report& all, std::size_t width, bool colour) {
    constexpr std::string_view gap = "  ";
    constexpr std::string_view title = "RESULT";
    const auto table = plain_table(all);
    std::size_t row_width = 0, result_width = title.size();
    const auto plain = table.render(width, false);
    for (std::string_view rest = plain; !rest.empty();)
        row_width = std::max(row_width, display_width(postfix_proto::take_line(rest)));
    for (const auto& send : all.sends)
        result_width = std::max(result_width, display_width(result_of(send)));
    const bool is_below = width > 0 && row_width + gap.size() + result_width > width;

    const auto shown = table.render(width, colour);
    std::string text;
    std::string_view rest = shown;
    text += postfix_proto::take_line(rest);
    if (!is_below)
        text += fmt::format("{}{}", gap,
                            colour ? emphasised(title, emphasis::strong) : std::string(title));
    text += '\n';
    for (const auto& send : all.sends) {
        text += postfix_proto::take_line(rest);
        const auto result = result_of(send);
        if (is_below)
            text +=
                '\n' + std::string(result_indent, ' ') + wrapped_text(result, result_indent, width);
        else
            text += fmt::format("{}{}", gap, result);
        text += '\n';
    }
    return text;
}

} // namespace flushd::tool
