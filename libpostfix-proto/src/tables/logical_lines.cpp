#include "postfix_proto/logical_lines.hpp"

#include "postfix_proto/brace_syntax.hpp"

namespace postfix_proto {

std::vector<logical_line> split_logical_lines(std::string_view text, std::string_view file,
                                              logger& log) {
    std::vector<logical_line> lines;
    bool skips_continuations = true; // there is nothing yet that could be continued
    bool has_warned = false;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = take_line(text);
        const std::string_view content = trim(line);
        if (content.empty() || content.front() == '#')
            continue;
        if (!is_space(line.front())) {
            lines.push_back({number, std::string(line)});
            skips_continuations = false;
        } else if (!skips_continuations) {
            lines.back().text += line;
        } else if (!has_warned) { // once for the whole paragraph
            log.warning("{}, line {}: white space before the first line of an entry: \"{:.30}{}\"",
                        file, number, line, line.size() > 30 ? "..." : "");
            has_warned = true;
        }
    }
    return lines;
}

} // namespace postfix_proto
