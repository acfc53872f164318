/// Formats a table for a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// Formats a size as "999", "1.2K" or "34M": powers of 1024, at most three digits.
[[nodiscard]] std::string format_size(std::int64_t bytes);

/// The width of a text on a terminal: one column for each code point.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Shortens a text to at most `width` columns by removing its middle, because both ends of a domain
/// are significant: "very-long..customer.tld".
[[nodiscard]] std::string shorten(std::string_view text, std::size_t width);

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

    /// The first column is left-aligned and is shortened when the table is too wide; the others are
    /// right-aligned.
    explicit text_table(std::vector<std::string> titles);

    void add(std::vector<cell> row);

    /// Returns lines with newlines. A `width` of 0 means no limit.
    [[nodiscard]] std::string render(std::size_t width, bool colour) const;

private:
    std::vector<std::vector<cell>> rows_; // the titles first
};

} // namespace flushd::tool
