#include "flushd/tool/screen/terminal.hpp"

#include "flushd/tool/screen/text_table.hpp"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace flushd::tool {

namespace {

constexpr auto to_first_line = "\033[H";
constexpr auto clear_rest_of_line = "\033[K";
constexpr auto clear_rest_of_screen = "\033[J";

/// Returns 0 if the variable is not set to a number.
std::size_t number_in_environment(const char* name) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::strtoul(text, nullptr, 10) : 0;
}

} // namespace

bool is_terminal(std::FILE* stream) { return ::isatty(::fileno(stream)) != 0; }

bool has_colour(std::FILE* stream) {
    const char* no_colour = std::getenv("NO_COLOR");
    const char* type = std::getenv("TERM");
    return is_terminal(stream) && (no_colour == nullptr || *no_colour == '\0') && type != nullptr &&
           std::string_view(type) != "dumb";
}

terminal_size size_of_terminal(std::FILE* stream) {
    terminal_size result;
    winsize size{};
    if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
        result = {size.ws_col, size.ws_row};
    if (const auto columns = number_in_environment("COLUMNS"))
        result.columns = columns;
    if (const auto rows = number_in_environment("LINES"))
        result.rows = rows;
    return result;
}

std::string drawn_over(std::string_view text) {
    std::string result = to_first_line;
    for (const char c : text) {
        if (c == '\n')
            result += clear_rest_of_line;
        result += c;
    }
    return result + clear_rest_of_screen;
}

status_line::status_line() : on_terminal_(is_terminal(stderr)) {}

void status_line::show(const std::string& text) {
    if (!on_terminal_)
        return;
    // Leave one column free: some terminals wrap after the last.
    const auto width = size_of_terminal(stderr).columns;
    fmt::print(stderr, "\r{}{}", shorten(text, width > 1 ? width - 1 : 1), clear_rest_of_line);
    std::fflush(stderr);
    drawn_ = true;
}

void status_line::clear() {
    if (drawn_)
        fmt::print(stderr, "\r{}", clear_rest_of_line);
    std::fflush(stderr);
    drawn_ = false;
}

std::string progress_bar(std::size_t done, std::size_t all, std::size_t width) {
    const auto inner = std::max<std::size_t>(width, 3) - 2;
    const auto filled = all == 0 ? inner : std::min(done, all) * inner / all;
    std::string result = "[";
    result.append(filled, '=');
    if (filled < inner)
        result += '>';
    result.resize(inner + 1, '-');
    return result + ']';
}

} // namespace flushd::tool
