#include "flushd/core/send_record.hpp"

#include "flushd/core/words.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace flushd {

namespace {

// Longer than any domain name.
constexpr std::size_t longest_site = 255;

// No history gets that far; so that a larger number in a damaged file is not continued.
constexpr std::uint64_t highest_number = 1'000'000'000'000'000;

struct number_name {
    std::string_view name;
    std::uint64_t send_record::*value;
};

constexpr number_name numbers[] = {
    {"moved", &send_record::moved},
    {"missing", &send_record::missing},
    {"held", &send_record::held},
    {"duplicate", &send_record::duplicate},
    {"failed", &send_record::failed},
    {"left", &send_record::left},
    {"delivered", &send_record::delivered},
    {"bounced", &send_record::bounced},
    {"gone", &send_record::gone},
    {"deferred", &send_record::deferred},
    {"in_delivery", &send_record::in_delivery},
};

/// The longest beginning that fits and does not end within a character.
std::string_view cut(std::string_view text, std::size_t size) {
    if (text.size() <= size)
        return text;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U)
        --size;
    return text.substr(0, size);
}

template <typename Number>
bool parse_number(std::string_view text, Number& result) {
    const auto number = whole_number<Number>(text);
    result = number.value_or(0);
    return number.has_value();
}

/// The last word; the text keeps the rest.
std::string_view take_last_word(std::string_view& text) {
    const auto blank = text.rfind(' ');
    const auto word = text.substr(blank == std::string_view::npos ? 0 : blank + 1);
    text.remove_suffix(std::min(text.size(), word.size() + 1));
    return word;
}

/// False if the value is not what the name stands for.
bool take_value(std::string_view name, std::string_view value, send_record& record) {
    if (name == "site") {
        record.site = value;
        return !value.empty();
    }
    if (name == "time")
        return parse_number(value, record.asked);
    if (name == "resumed") {
        record.is_resumed = value == "1";
        return record.is_resumed;
    }
    if (name == "user")
        return parse_number(value, record.user.emplace());
    if (name == "milliseconds") {
        std::int64_t milliseconds = 0;
        const bool is_one = parse_number(value, milliseconds) && milliseconds >= 0;
        record.took = std::chrono::milliseconds(milliseconds);
        return is_one;
    }
    for (const auto& number : numbers)
        if (name == number.name)
            return parse_number(value, record.*number.value);
    return true;
}

} // namespace

std::string format_send_record(const send_record& record) {
    std::string text = fmt::format("{} time={}", record.number, record.asked);
    if (record.user)
        text += fmt::format(" user={}", *record.user);
    if (record.is_resumed)
        text += " resumed=1";
    for (const auto& [name, value] : numbers)
        if (record.*value != 0)
            text += fmt::format(" {}={}", name, record.*value);
    text += fmt::format(" milliseconds={} site=", record.took.count());
    const auto end = fmt::format(" {}\n", record.number);
    const auto size = send_record_size - end.size();
    // Clients may call a site anything.
    auto site = postfix_proto::printable(record.site);
    std::replace(site.begin(), site.end(), ' ', '?');
    text += cut(site, std::min(longest_site, size - std::min(size, text.size())));
    constexpr std::string_view reason_name = " reason=";
    if (!record.reason.empty() && text.size() + reason_name.size() < size) {
        text += reason_name;
        text += cut(postfix_proto::printable(record.reason), size - text.size());
    }
    text.resize(size, ' ');
    return text + end;
}

std::optional<send_record> parse_send_record(std::string_view text) {
    if (text.size() != send_record_size || text.back() != '\n')
        return std::nullopt;
    text.remove_suffix(1);
    if (postfix_proto::printable(text) != text)
        return std::nullopt;
    send_record result;
    std::uint64_t number_at_end = 0;
    if (!parse_number(take_last_word(text), number_at_end) ||
        !parse_number(take_word(text), result.number) || result.number != number_at_end ||
        result.number == 0 || result.number > highest_number)
        return std::nullopt;
    constexpr std::string_view reason_name = "reason=";
    text = text.substr(0, text.find_last_not_of(' ') + 1);
    while (!text.empty()) {
        if (text.starts_with(reason_name)) {
            result.reason = text.substr(reason_name.size());
            break;
        }
        const auto word = take_word(text);
        const auto equals = word.find('=');
        if (equals == std::string_view::npos ||
            !take_value(word.substr(0, equals), word.substr(equals + 1), result))
            return std::nullopt;
    }
    if (result.site.empty() || result.asked == 0)
        return std::nullopt;
    return result;
}

} // namespace flushd
