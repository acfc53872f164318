/// Holds what `flushd top` shows, and decides what a key does. Knows no terminal.
#pragma once

#include "flushd/tool/queue/waiting_report.hpp"
#include "flushd/tool/screen/text_table.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

enum class top_key {
    up,
    down,
    page_up,
    page_down,
    home,
    end,
    left,
    right,
    enter,
    escape,
    backspace,
    text, ///< see key_press::text
    interrupt,
};
struct key_press {
    top_key key = top_key::text;
    std::string text; ///< one character in UTF-8
};

/// What is to be done after a key.
struct top_action {
    enum kind { nothing, ask_again, send, quit } what = nothing;
    std::vector<std::string> arguments; ///< of `flushd send`
};

/// The list that is shown: groups, or the messages of one that was opened.
class top_model {
public:
    /// What the next report is to be asked for.
    [[nodiscard]] waiting_question question() const;
    /// A new report. What is selected and marked stays so, where it is still there.
    void take(waiting_report report);

    [[nodiscard]] top_action press(const key_press& key);
    /// What is told in the last line until the next key.
    void tell(std::string text) { told_ = std::move(text); }

    struct row {
        text_table::line cells;
        bool is_selected = false, is_marked = false;
    };
    /// All lines of the screen: a heading, the titles, as many rows as there is room for, and the
    /// last line.
    struct screen {
        std::string heading, last_line;
        text_table::line titles;
        std::vector<row> rows;
    };
    [[nodiscard]] screen draw(std::size_t columns, std::size_t rows);

private:
    enum class prompt { none, filter, confirm };

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] const std::string& name_at(std::size_t place) const;
    [[nodiscard]] bool is_open() const noexcept { return !opened_.empty(); }
    void apply_filter();
    void move(std::ptrdiff_t by);
    void remember_selected();
    [[nodiscard]] top_action press_in_list(const key_press& key);
    [[nodiscard]] top_action press_letter(char letter);
    void press_in_filter(const key_press& key);
    [[nodiscard]] top_action confirm(std::vector<std::string> names);
    [[nodiscard]] top_action open();
    void change_sort(int by);
    void mark();
    [[nodiscard]] std::string heading() const;
    [[nodiscard]] waiting_report window(std::size_t first, std::size_t count) const;

    waiting_report report_;
    std::vector<std::size_t> shown_; // places in the report that fit the filter
    group_by by_ = group_by::destination;
    waiting_column sort_ = waiting_column::messages;
    std::string opened_; // the group whose messages are shown
    std::string selected_name_, filter_, told_;
    std::size_t selected_ = 0, first_ = 0, page_ = 1;
    std::set<std::string> marked_;
    prompt prompt_ = prompt::none;
    std::vector<std::string> to_send_;
};

/// The arguments of `flushd send` for groups or messages.
[[nodiscard]] std::vector<std::string> send_arguments(group_by by, bool are_messages,
                                                      const std::vector<std::string>& names);

} // namespace flushd::tool
