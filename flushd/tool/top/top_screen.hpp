/// Draws `flushd top` on a terminal, and reads its keys.
#pragma once

#include "flushd/tool/top/top_model.hpp"

#include <cstddef>
#include <optional>

namespace flushd::tool {

/// The terminal in full-screen mode; the destructor restores it. There is one at a time.
class top_screen {
public:
    /// Throws tool_error where standard input or output is no terminal, or one that cannot place
    /// its cursor.
    top_screen();
    top_screen(const top_screen&) = delete;
    top_screen& operator=(const top_screen&) = delete;
    ~top_screen();

    /// A key that has been pressed; does not wait.
    [[nodiscard]] std::optional<key_press> read_key();
    void draw(top_model& model);
    /// Takes the terminal's new size.
    void resize();

private:
    void draw_line(int row, const text_table::line& cells, int attributes);
    bool has_colour_;
};

} // namespace flushd::tool
