#include "flushd/tool/top/top_screen.hpp"

#include "flushd/tool/screen/terminal.hpp"
#include "flushd/tool/screen/tool_error.hpp"

// Its macros have short names, so it comes after all others.
#define NCURSES_NOMACROS 1 // NOLINT: it asks for this name
#include <curses.h>
#include <fmt/format.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace flushd::tool {

namespace {

constexpr short notice_pair = 1, alarm_pair = 2;

[[noreturn]] void refuse_terminal() {
    const char* const type = std::getenv("TERM");
    throw tool_error(fmt::format("top cannot use this terminal (TERM is {}); see `flushd status "
                                 "--watch`",
                                 type == nullptr || *type == '\0' ? "not set" : type),
                     EX_USAGE);
}

void require_terminal() {
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)
        throw tool_error("top needs a terminal; see `flushd status --watch`", EX_USAGE);
    const char* const type = std::getenv("TERM");
    if (type == nullptr || *type == '\0' || std::string_view(type) == "dumb")
        refuse_terminal();
}

/// Names are UTF-8, whatever the locale.
void use_utf8() {
    std::setlocale(LC_CTYPE, "");
    if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8")
        std::setlocale(LC_CTYPE, "C.UTF-8");
}

std::string in_utf8(wint_t character) {
    std::string result;
    const auto add = [&result](unsigned byte) { result += static_cast<char>(byte); };
    if (character < 0x80) {
        add(character);
    } else if (character < 0x800) {
        add(0xc0U | (character >> 6U));
        add(0x80U | (character & 0x3fU));
    } else if (character < 0x10000) {
        add(0xe0U | (character >> 12U));
        add(0x80U | ((character >> 6U) & 0x3fU));
        add(0x80U | (character & 0x3fU));
    } else {
        add(0xf0U | ((character >> 18U) & 0x07U));
        add(0x80U | ((character >> 12U) & 0x3fU));
        add(0x80U | ((character >> 6U) & 0x3fU));
        add(0x80U | (character & 0x3fU));
    }
    return result;
}

std::optional<top_key> function_key(wint_t code) {
    switch (code) {
    case KEY_UP:
        return top_key::up;
    case KEY_DOWN:
        return top_key::down;
    case KEY_PPAGE:
        return top_key::page_up;
    case KEY_NPAGE:
        return top_key::page_down;
    case KEY_HOME:
        return top_key::home;
    case KEY_END:
        return top_key::end;
    case KEY_LEFT:
        return top_key::left;
    case KEY_RIGHT:
        return top_key::right;
    case KEY_ENTER:
        return top_key::enter;
    case KEY_BACKSPACE:
    case KEY_DC:
        return top_key::backspace;
    default:
        return std::nullopt;
    }
}

} // namespace

top_screen::top_screen() : has_colour_(flushd::tool::has_colour(stdout)) {
    require_terminal();
    use_utf8();
    if (::newterm(nullptr, stdout, stdin) == nullptr) // initscr() would end the program
        refuse_terminal();
    ::cbreak();
    ::noecho();
    ::nonl();
    ::keypad(stdscr, true);
    ::nodelay(stdscr, true);
    ::set_escdelay(50); // milliseconds; a slow line is not taken for the key Esc with less
    ::curs_set(0);
    if (has_colour_ && ::has_colors()) {
        ::start_color();
        ::use_default_colors();
        ::init_pair(notice_pair, COLOR_YELLOW, -1);
        ::init_pair(alarm_pair, COLOR_RED, -1);
    } else {
        has_colour_ = false;
    }
}

top_screen::~top_screen() { ::endwin(); }

std::optional<key_press> top_screen::read_key() {
    constexpr wint_t escape = 27, interrupt = 3, backspace = 8, erase = 127;
    wint_t code = 0;
    const int kind = ::wget_wch(stdscr, &code);
    if (kind == ERR)
        return std::nullopt;
    if (kind == KEY_CODE_YES) {
        if (const auto key = function_key(code))
            return key_press{*key, {}};
        return key_press{top_key::text, {}};
    }
    switch (code) {
    case '\r':
    case '\n':
        return key_press{top_key::enter, {}};
    case escape:
        return key_press{top_key::escape, {}};
    case interrupt:
        return key_press{top_key::interrupt, {}};
    case backspace:
    case erase:
        return key_press{top_key::backspace, {}};
    default:
        return key_press{top_key::text, code < ' ' ? std::string() : in_utf8(code)};
    }
}

void top_screen::resize() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        ::resizeterm(size.ws_row, size.ws_col);
    ::clearok(stdscr, true);
}

void top_screen::draw_line(int row, const text_table::line& cells, int attributes) {
    ::wmove(stdscr, row, 2);
    for (const auto& [text, how] : cells.parts) {
        auto look = static_cast<unsigned>(attributes);
        if (how == emphasis::strong)
            look |= A_BOLD;
        else if (how == emphasis::notice)
            look |= has_colour_ ? static_cast<unsigned>(COLOR_PAIR(notice_pair)) : 0;
        else if (how == emphasis::alarm)
            look |= has_colour_ ? static_cast<unsigned>(COLOR_PAIR(alarm_pair)) : A_BOLD;
        ::wattrset(stdscr, static_cast<int>(look));
        ::waddnstr(stdscr, text.c_str(), static_cast<int>(text.size()));
    }
    ::wattrset(stdscr, attributes);
    // The rest of a selected line stands out, too, unless the text has filled it.
    if (attributes != static_cast<int>(A_NORMAL) && getcury(stdscr) == row)
        for (int column = getcurx(stdscr), end = getmaxx(stdscr); column < end; ++column)
            ::mvwaddch(stdscr, row, column, ' ');
    ::wattrset(stdscr, A_NORMAL);
}

void top_screen::draw(top_model& model) {
    const int rows = getmaxy(stdscr), columns = getmaxx(stdscr);
    // The last column of the last line is left alone: writing there scrolls some terminals.
    const auto screen = model.draw(columns > 1 ? static_cast<std::size_t>(columns) - 1 : 1,
                                   rows > 0 ? static_cast<std::size_t>(rows) : 1);
    ::werase(stdscr);
    ::mvwaddstr(stdscr, 0, 0, screen.heading.c_str());
    if (rows > 2)
        draw_line(1, screen.titles, static_cast<int>(A_NORMAL));
    int row = 2;
    for (const auto& one : screen.rows) {
        if (row + 1 >= rows)
            break;
        if (one.is_marked)
            ::mvwaddch(stdscr, row, 0, '*');
        if (one.is_selected)
            ::mvwaddch(stdscr, row, 1, '>');
        draw_line(row, one.cells, static_cast<int>(one.is_selected ? A_REVERSE : A_NORMAL));
        ++row;
    }
    if (rows > 1)
        ::mvwaddstr(stdscr, rows - 1, 0, screen.last_line.c_str());
    ::wrefresh(stdscr);
}

} // namespace flushd::tool
