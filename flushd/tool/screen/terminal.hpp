/// Distinguishes a terminal from a file, and controls the terminal.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace flushd::tool {

[[nodiscard]] bool is_terminal(std::FILE* stream);

/// True on a terminal, unless NO_COLOR is set (https://no-color.org) or TERM is "dumb".
[[nodiscard]] bool has_colour(std::FILE* stream);

struct terminal_size {
    std::size_t columns = 80, rows = 24;
};
/// The size of the terminal. COLUMNS and LINES override it, as in other programs.
[[nodiscard]] terminal_size size_of_terminal(std::FILE* stream);

/// Returns the text with escape sequences that draw it over the previous one on a terminal, and
/// clear the rest of the screen. (Clearing the whole screen first would flicker.)
[[nodiscard]] std::string drawn_over(std::string_view text);

/// A line that is redrawn on standard error. Prints nothing if that is not a terminal.
class status_line {
public:
    status_line();
    status_line(const status_line&) = delete;
    status_line& operator=(const status_line&) = delete;
    ~status_line() { clear(); }

    [[nodiscard]] bool is_shown() const noexcept { return on_terminal_; }
    void show(const std::string& text);
    void clear();

private:
    bool on_terminal_;
    bool drawn_ = false;
};

/// "[=====>--------]", `width` columns wide.
[[nodiscard]] std::string progress_bar(std::size_t done, std::size_t all, std::size_t width);

} // namespace flushd::tool
