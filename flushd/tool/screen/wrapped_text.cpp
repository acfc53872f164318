#include "flushd/tool/screen/wrapped_text.hpp"

#include "flushd/tool/screen/text_table.hpp"

#include <algorithm>

namespace flushd::tool {

std::string wrapped_text(std::string_view text, std::size_t indent, std::size_t columns) {
    std::string result;
    std::size_t column = indent;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        const auto width = display_width(word);
        if (column > indent && column + 1 + width > columns) {
            result += '\n' + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            result += ' ';
            ++column;
        }
        result += word;
        column += width;
    }
    return result;
}

} // namespace flushd::tool
