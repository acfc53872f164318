#include "flushd/tool/screen/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace flushd::tool {

namespace {

constexpr std::size_t gap = 2;
// A shorter domain is not recognisable, so the table becomes too wide instead.
constexpr std::size_t narrowest_first_column = 12;

std::size_t narrowest(const text_table::column& column, std::size_t natural) {
    return column.shortened == text_table::column::never ? natural
                                                         : std::min(natural, column.narrowest);
}

std::string cut(const std::string& text, const text_table::column& column, std::size_t width) {
    return column.shortened == text_table::column::at_the_end ? shorten_end(text, width)
                                                              : shorten(text, width);
}

std::vector<text_table::column> plain_columns(std::vector<std::string> titles) {
    std::vector<text_table::column> result;
    for (auto& title : titles)
        result.push_back({.title = std::move(title)});
    result.front().align = text_table::column::left;
    result.front().shortened = text_table::column::in_the_middle;
    result.front().narrowest = narrowest_first_column;
    return result;
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

text_table::text_table(std::vector<std::string> titles)
    : text_table(with_columns(plain_columns(std::move(titles)))) {}

text_table text_table::with_columns(std::vector<column> columns) {
    text_table result;
    result.columns_ = std::move(columns);
    result.rows_.emplace_back();
    for (const auto& one : result.columns_)
        result.rows_.front().push_back({one.title, emphasis::strong});
    return result;
}

void text_table::add(std::vector<cell> row) {
    row.resize(columns_.size());
    rows_.push_back(std::move(row));
}

std::vector<std::size_t> text_table::natural_widths() const {
    std::vector<std::size_t> result(columns_.size());
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i)
            result[i] = std::max(result[i], display_width(row[i].text));
    return result;
}

std::vector<bool> text_table::shown_columns(const std::vector<std::size_t>& widths,
                                            std::size_t width) const {
    std::vector<bool> shown(columns_.size(), true);
    const auto least = [&] {
        std::size_t sum = 0;
        for (std::size_t i = 0; i < columns_.size(); ++i)
            if (shown[i])
                sum += narrowest(columns_[i], widths[i]) + (i > 0 ? gap : 0);
        return sum;
    };
    while (width > 0 && least() > width) {
        std::size_t next = 0;
        for (std::size_t i = 1; i < columns_.size(); ++i)
            if (shown[i] && columns_[i].dispensable > (next > 0 ? columns_[next].dispensable : 0))
                next = i;
        if (next == 0)
            break;
        shown[next] = false;
    }
    return shown;
}

std::vector<text_table::line> text_table::lines(std::size_t width) const {
    auto widths = natural_widths();
    const auto shown = shown_columns(widths, width);
    std::size_t sum = 0;
    for (std::size_t i = 0; i < widths.size(); ++i)
        sum += shown[i] ? widths[i] + (i > 0 ? gap : 0) : 0;
    for (std::size_t i = widths.size(); i-- > 0 && width > 0 && sum > width;) {
        if (!shown[i])
            continue;
        const auto less = std::min(sum - width, widths[i] - narrowest(columns_[i], widths[i]));
        widths[i] -= less;
        sum -= less;
    }
    std::vector<line> result;
    for (const auto& row : rows_) {
        auto& parts = result.emplace_back().parts;
        std::string blanks; // before the next text
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (!shown[i])
                continue;
            auto text = cut(row[i].text, columns_[i], widths[i]);
            const std::string padding(widths[i] - std::min(widths[i], display_width(text)), ' ');
            blanks += i > 0 ? std::string(gap, ' ') : "";
            if (columns_[i].align == column::right)
                blanks += padding;
            if (!text.empty()) {
                if (!blanks.empty())
                    parts.push_back({std::exchange(blanks, {})});
                parts.push_back({std::move(text), row[i].how});
            }
            if (columns_[i].align == column::left)
                blanks += padding;
        }
    }
    return result;
}

std::string text_table::render(std::size_t width, bool colour) const {
    std::string result;
    for (const auto& one : lines(width)) {
        for (const auto& [text, how] : one.parts)
            result += colour ? emphasised(text, how) : text;
        result += '\n';
    }
    return result;
}

} // namespace flushd::tool
