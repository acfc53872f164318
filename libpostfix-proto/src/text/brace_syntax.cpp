#include "postfix_proto/brace_syntax.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postfix_proto {

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    return text;
}

std::string_view take_line(std::string_view& text) noexcept {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

std::optional<std::string_view> next_item(std::string_view& list) noexcept {
    const std::size_t start = list.find_first_not_of(list_separators);
    if (start == std::string_view::npos) {
        list = {};
        return std::nullopt;
    }
    list.remove_prefix(start);
    std::size_t depth = 0;
    std::size_t end = 0;
    for (; end < list.size(); ++end) {
        const char c = list[end];
        if (c == '{')
            ++depth;
        else if (c == '}' && depth > 0)
            --depth;
        else if (depth == 0 && list_separators.find(c) != std::string_view::npos)
            break;
    }
    const std::string_view item = list.substr(0, end);
    list.remove_prefix(end);
    return item;
}

std::size_t braced_length(std::string_view text) noexcept {
    if (!text.starts_with('{'))
        return 0;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '{')
            ++depth;
        else if (text[i] == '}' && --depth == 0)
            return i + 1;
    }
    return 0;
}

result<std::string_view, std::string> strip_braces(std::string_view text) {
    if (!text.starts_with('{'))
        return unexpected(fmt::format("no '{{' at the start of \"{}\"", text));
    const std::size_t length = braced_length(text);
    if (length == 0)
        return unexpected(fmt::format("no '}}' closes \"{}\"", text));
    if (length != text.size())
        return unexpected(fmt::format("text after the '}}' in \"{}\"", text));
    return trim(text.substr(1, length - 2));
}

} // namespace postfix_proto
