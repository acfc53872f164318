#include "flushd/tool/screen/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace flushd::tool {

namespace {

constexpr std::size_t gap = 2;
// A shorter domain is not recognisable, so the table becomes too wide instead.
constexpr std::size_t narrowest_first_column = 12;

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U; }

/// The offset at which the code point with this number begins.
std::size_t offset_of(std::string_view text, std::size_t column) {
    std::size_t at = 0;
    for (; at < text.size(); ++at)
        if (!is_continuation(text[at]) && column-- == 0)
            break;
    return at;
}

} // namespace

std::string format_size(std::int64_t bytes) {
    constexpr std::string_view units = "KMGTPE";
    if (bytes < 1000)
        return fmt::format("{}", bytes);
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    value /= 1024;
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    return value < 9.95 ? fmt::format("{:.1f}{}", value, units[unit])
                        : fmt::format("{:.0f}{}", value, units[unit]);
}

std::size_t display_width(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string shorten(std::string_view text, std::size_t width) {
    const auto has = display_width(text);
    if (has <= width)
        return std::string(text);
    constexpr std::string_view left_out = "..";
    if (width <= left_out.size() + 1)
        return std::string(text.substr(0, offset_of(text, width)));
    const auto head = (width - left_out.size()) / 2;
    const auto tail = width - left_out.size() - head;
    std::string result(text.substr(0, offset_of(text, head)));
    result += left_out;
    result += text.substr(offset_of(text, has - tail));
    return result;
}

std::string emphasised(std::string_view text, emphasis how) {
    switch (how) {
    case emphasis::none:
        break;
    case emphasis::strong:
        return fmt::format("\033[1m{}\033[0m", text);
    case emphasis::notice:
        return fmt::format("\033[33m{}\033[0m", text);
    case emphasis::alarm:
        return fmt::format("\033[31m{}\033[0m", text);
    }
    return std::string(text);
}

text_table::text_table(std::vector<std::string> titles) {
    rows_.emplace_back();
    for (auto& title : titles)
        rows_.front().push_back({std::move(title), emphasis::strong});
}

void text_table::add(std::vector<cell> row) {
    row.resize(rows_.front().size());
    rows_.push_back(std::move(row));
}

std::string text_table::render(std::size_t width, bool colour) const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], display_width(row[i].text));
    std::size_t others = 0;
    for (std::size_t i = 1; i < widths.size(); ++i)
        others += widths[i] + gap;
    if (width > 0 && widths[0] + others > width)
        widths[0] = std::min(widths[0],
                             std::max(narrowest_first_column, width > others ? width - others : 0));
    std::string result;
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            const auto text = i == 0 ? shorten(row[i].text, widths[0]) : row[i].text;
            const std::string padding(widths[i] - std::min(widths[i], display_width(text)), ' ');
            const auto shown = colour ? emphasised(text, row[i].how) : text;
            if (i == 0)
                result += shown + padding;
            else
                result += std::string(gap, ' ') + padding + shown;
        }
        while (result.ends_with(' '))
            result.pop_back();
        result += '\n';
    }
    return result;
}

} // namespace flushd::tool
