/// Formats a table for a terminal.
#pragma once

#include "flushd/tool/screen/text_width.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// Formats a size as "999", "1.2K" or "34M": powers of 1024, at most three digits.
[[nodiscard]] std::string format_size(std::int64_t bytes);

/// How a cell stands out where colour is available.
enum class emphasis { none, strong, notice, alarm };

/// The text between the escape sequences for its emphasis, which terminals have understood since
/// the VT100.
[[nodiscard]] std::string emphasised(std::string_view text, emphasis how);

class text_table {
public:
    struct cell {
        std::string text;
        emphasis how = emphasis::none;
    };
    /// How a column gives way in a table that is too wide.
    struct column {
        std::string title;
        enum alignment { left, right } align = right;
        enum cut { never, in_the_middle, at_the_end } shortened = never;
        std::size_t narrowest = 0;   ///< what a column that is shortened keeps
        std::size_t dispensable = 0; ///< 0: never left out; the greatest is left out first
    };

    /// The first column is left-aligned and is shortened when the table is too wide; the others are
    /// right-aligned.
    explicit text_table(std::vector<std::string> titles);
    /// First, columns are left out until the others can be made to fit, the most dispensable one
    /// first. Then they are shortened, from the last to the first. The first column is never left
    /// out.
    [[nodiscard]] static text_table with_columns(std::vector<column> columns);

    void add(std::vector<cell> row);

    /// A line of a table, with the emphasis of its cells at their places.
    struct line {
        struct part {
            std::string text; ///< with the blanks around it
            emphasis how = emphasis::none;
        };
        std::vector<part> parts;
    };
    /// The lines, the titles first. A `width` of 0 means no limit.
    [[nodiscard]] std::vector<line> lines(std::size_t width) const;
    /// The same as text with newlines.
    [[nodiscard]] std::string render(std::size_t width, bool colour) const;

private:
    text_table() = default;
    [[nodiscard]] std::vector<std::size_t> natural_widths() const;
    [[nodiscard]] std::vector<bool> shown_columns(const std::vector<std::size_t>& widths,
                                                  std::size_t width) const;

    std::vector<column> columns_;
    std::vector<std::vector<cell>> rows_; // the titles first
};

} // namespace flushd::tool
