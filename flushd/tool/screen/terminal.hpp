/// Distinguishes a terminal from a file, and controls the terminal.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace flushd::tool {

[[nodiscard]] bool is_terminal(std::FILE* stream);

/// On a terminal, unless NO_COLOR is set (https://no-color.org) or it cannot (TERM=dumb).
[[nodiscard]] bool has_colour(std::FILE* stream);

struct terminal_size {
    std::size_t columns = 80, rows = 24;
};
/// Of a terminal; COLUMNS and LINES go first, as they do elsewhere.
[[nodiscard]] terminal_size size_of_terminal(std::FILE* stream);

/// What draws a text over the one before on a terminal, and clears the rest of the screen.
/// (Clearing all of it first would flicker.)
[[nodiscard]] std::string drawn_over(std::string_view text);

/// One line on standard error that is drawn again and again, if that is a terminal; else nothing.
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

/// "[=====>--------]", so many columns wide.
[[nodiscard]] std::string progress_bar(std::size_t done, std::size_t all, std::size_t width);

} // namespace flushd::tool
