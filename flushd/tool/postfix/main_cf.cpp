#include "flushd/tool/postfix/main_cf.hpp"

#include "postfix_proto/brace_syntax.hpp"

#include <cstddef>

namespace flushd::tool {

using postfix_proto::is_space;
using postfix_proto::trim;

namespace {

struct span {
    std::size_t begin = 0, end = 0;
};

std::optional<span> find_span(std::string_view text, std::string_view name) {
    std::optional<span> found;
    bool is_inside = false; // a line that starts with a blank belongs to the wanted setting
    for (std::size_t begin = 0; begin < text.size();) {
        const auto newline = text.find('\n', begin);
        const auto end = newline == std::string_view::npos ? text.size() : newline + 1;
        const auto line = text.substr(begin, end - begin);
        const auto content = trim(line);
        if (content.empty() || content.front() == '#') {
            // A blank line or a comment may precede a continuation line.
        } else if (is_space(line.front())) {
            if (is_inside)
                found->end = end;
        } else {
            is_inside = trim(content.substr(0, content.find('='))) == name &&
                        content.find('=') != std::string_view::npos;
            if (is_inside)
                found = span{begin, end};
        }
        begin = end;
    }
    return found;
}

} // namespace

std::optional<std::string> find_setting(std::string_view main_cf, std::string_view name) {
    const auto found = find_span(main_cf, name);
    if (!found)
        return std::nullopt;
    return std::string(main_cf.substr(found->begin, found->end - found->begin));
}

std::string with_setting(std::string_view main_cf, std::string_view name,
                         const std::optional<std::string>& lines) {
    std::string result(main_cf);
    if (const auto found = find_span(main_cf, name))
        return result.replace(found->begin, found->end - found->begin, lines.value_or(""));
    if (lines) {
        if (!result.empty() && result.back() != '\n')
            result += '\n';
        result += *lines;
    }
    return result;
}

} // namespace flushd::tool
