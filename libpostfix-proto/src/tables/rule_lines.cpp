#include "tables/rule_lines.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "tables/read_file.hpp"
#include "text/ascii_case.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postfix_proto {

namespace {

/// The inline form as the text of a file.
result<std::string, std::string> inline_text(std::string_view name) {
    auto list = strip_braces(name);
    if (!list)
        return unexpected(list.error());
    std::string text;
    while (const auto item = next_item(*list)) {
        const auto line = strip_braces(*item);
        if (!line)
            return unexpected(line.error());
        text.append(*line).append("\n");
    }
    return text;
}

} // namespace

result<rule_lines, table_failure> read_rule_lines(std::string_view type, std::string_view name,
                                                  const open_options& options, logger& log) {
    rule_lines result;
    const std::string path(name);
    std::string text;
    if (name.starts_with('{')) {
        auto inside = inline_text(name);
        if (!inside)
            return unexpected(table_failure{fmt::format("{} map: {}", type, inside.error())});
        text = *std::move(inside);
    } else {
        auto file = read_file(path, options.patience, log);
        if (!file)
            return unexpected(
                table_failure{fmt::format("open {}: {}", path, file.error().message()), {path}});
        text = *std::move(file);
        result.files = {path};
    }
    result.lines = split_logical_lines(text, path, log);
    for (logical_line& line : result.lines)
        line.text.resize(
            static_cast<std::size_t>(trim(line.text).end() - std::string_view(line.text).begin()));
    return result;
}

bool starts_with_word(std::string_view line, std::string_view word) {
    return is_in_any_case(line.substr(0, word.size()), word) &&
           (line.size() == word.size() || !is_alphanumeric(line[word.size()]));
}

bool is_alphanumeric(char c) noexcept {
    return (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
}

bool take_negations(std::string_view& text) {
    bool is_positive = true;
    for (; !text.empty() && (text.front() == '!' || is_space(text.front())); text.remove_prefix(1))
        if (text.front() == '!')
            is_positive = !is_positive;
    return is_positive;
}

} // namespace postfix_proto
