/// Formats a table for a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// "999", "1.2K", "34M": powers of 1024, three digits at most.
[[nodiscard]] std::string format_size(std::int64_t bytes);

/// Columns on a terminal that a text takes: one for each code point.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// At most so many columns; what is too much goes from the middle, since both ends of a domain
/// tell: "very-long..customer.tld".
[[nodiscard]] std::string shorten(std::string_view text, std::size_t width);

/// How a cell is to stand out, where there is colour.
enum class emphasis { none, strong, notice, alarm };

/// Text in an emphasis, by the escape sequences of every terminal since the VT100.
[[nodiscard]] std::string emphasised(std::string_view text, emphasis how);

class text_table {
public:
    struct cell {
        std::string text;
        emphasis how = emphasis::none;
    };

    /// The first column is left-aligned and gives way when the table is too wide; the others are
    /// right-aligned.
    explicit text_table(std::vector<std::string> titles);

    void add(std::vector<cell> row);

    /// Lines with newlines. `width` 0 is without a limit.
    [[nodiscard]] std::string render(std::size_t width, bool colour) const;

private:
    std::vector<std::vector<cell>> rows_; // the titles first
};

} // namespace flushd::tool
