#include "tables/result_template.hpp"

#include "tables/rule_lines.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postfix_proto {

namespace {

/// More groups than any pattern has.
constexpr std::size_t too_many_groups = 1'000'000;

/// The length of "{...}" or "(...)" at the start of the text, 0 when it is not closed. Only the
/// same kind of bracket counts inside.
std::size_t bracketed_length(std::string_view text) {
    const char open = text.front();
    const char close = open == '{' ? '}' : ')';
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == open)
            ++depth;
        else if (text[i] == close && --depth == 0)
            return i + 1;
    }
    return 0;
}

} // namespace

result<result_template, std::string> result_template::parse(std::string_view text) {
    result_template parsed;
    std::string literal;
    while (!text.empty()) {
        if (!text.starts_with('$') || text.starts_with("$$")) {
            literal += text.front();
            text.remove_prefix(text.front() == '$' ? 2 : 1);
            continue;
        }
        if (!literal.empty())
            parsed.pieces_.push_back({std::exchange(literal, {}), 0});
        text.remove_prefix(1);
        std::string_view name;
        if (text.starts_with('{') || text.starts_with('(')) {
            const std::size_t length = bracketed_length(text);
            if (length == 0)
                return unexpected(fmt::format("no end of \"${}\"", text));
            name = text.substr(1, length - 2);
            text.remove_prefix(length);
        } else {
            const auto end = std::find_if_not(
                text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '_'; });
            name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
            text.remove_prefix(name.size());
        }
        if (auto added = parsed.add_group(name); !added)
            return unexpected(std::move(added).error());
    }
    if (!literal.empty())
        parsed.pieces_.push_back({std::move(literal), 0});
    return parsed;
}

result<void, std::string> result_template::add_group(std::string_view name) {
    if (name.empty())
        return unexpected("nothing after a '$'");
    std::size_t group = 0;
    for (const char c : name) {
        if (c < '0' || c > '9')
            return unexpected(fmt::format("non-numeric replacement index \"{}\"", name));
        group = std::min(group * 10 + static_cast<std::size_t>(c - '0'), too_many_groups);
    }
    if (group == 0)
        return unexpected(fmt::format("out of range replacement index \"{}\"", name));
    pieces_.push_back({{}, group});
    highest_group_ = std::max(highest_group_, group);
    return {};
}

std::string result_template::expand(const std::vector<std::string_view>& groups) const {
    std::string result;
    for (const piece& part : pieces_)
        result += part.group == 0 ? std::string_view(part.literal) : groups.at(part.group);
    return result;
}

} // namespace postfix_proto
