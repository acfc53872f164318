#include "flushd/tool/top/top_model.hpp"

#include "flushd/tool/queue/waiting_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace flushd::tool {

namespace {

struct sort_name {
    waiting_column column;
    std::string_view name;
};
constexpr std::array<sort_name, 9> sort_names = {{{waiting_column::name, "name"},
                                                  {waiting_column::messages, "messages"},
                                                  {waiting_column::oldest, "oldest"},
                                                  {waiting_column::next, "next attempt"},
                                                  {waiting_column::returned, "return"},
                                                  {waiting_column::active, "active"},
                                                  {waiting_column::held, "held"},
                                                  {waiting_column::listed, "listed"},
                                                  {waiting_column::size, "size"}}};
struct group_name {
    group_by by;
    std::string_view name;
};
constexpr std::array<group_name, 4> group_names = {{{group_by::destination, "destination"},
                                                    {group_by::relay, "relay"},
                                                    {group_by::reason, "reason"},
                                                    {group_by::sender, "sender"}}};

constexpr std::string_view help =
    "Enter open  s send  space mark  S send marked  b by  / filter  <> sort  q quit";
constexpr std::string_view help_in_group =
    "Esc back  s send  space mark  S send marked  / filter  <> sort  q quit";

/// Other lines than rows: the heading, the titles, the last line.
constexpr std::size_t other_lines = 3;

void pop_character(std::string& text) {
    while (!text.empty()) {
        const auto last = static_cast<unsigned char>(text.back());
        text.pop_back();
        if ((last & 0xc0U) != 0x80U)
            break;
    }
}

std::string counted_messages(std::size_t count) {
    return fmt::format("{} message{}", count, count == 1 ? "" : "s");
}

bool contains(std::string_view text, const std::string& lower_case) {
    std::string lower;
    append_lower(text, lower);
    return lower.find(lower_case) != std::string::npos;
}

} // namespace

std::vector<std::string> send_arguments(group_by by, bool are_messages,
                                        const std::vector<std::string>& names) {
    std::string option = are_messages                                              ? "--id"
                         : by == group_by::relay                                   ? "--relay"
                         : by == group_by::sender || by == group_by::sender_domain ? "--from"
                         : by == group_by::destination                             ? ""
                                                                                   : "--reason";
    std::vector<std::string> result;
    for (const auto& name : names)
        result.push_back(option.empty() ? name : fmt::format("{}={}", option, name));
    if (option.empty())
        result.insert(result.begin(), "--"); // a name may begin with a hyphen
    return result;
}

waiting_question top_model::question() const {
    waiting_question result;
    result.by = by_;
    result.sort = sort_;
    if (is_open()) {
        result.only_group = opened_;
        result.list_messages = true;
    }
    return result;
}

std::size_t top_model::size() const { return shown_.size(); }

const std::string& top_model::name_at(std::size_t place) const {
    const auto at = shown_[place];
    return is_open() ? report_.messages[at].id.str() : report_.rows[at].name;
}

void top_model::apply_filter() {
    std::string wanted;
    append_lower(filter_, wanted);
    shown_.clear();
    if (is_open()) {
        for (std::size_t i = 0; i < report_.messages.size(); ++i) {
            const auto& one = report_.messages[i];
            if (contains(one.id.str(), wanted) || contains(one.recipient, wanted) ||
                contains(one.sender, wanted) || contains(one.reason, wanted))
                shown_.push_back(i);
        }
    } else {
        for (std::size_t i = 0; i < report_.rows.size(); ++i)
            if (contains(report_.rows[i].name, wanted) ||
                contains(report_.rows[i].group.reason, wanted))
                shown_.push_back(i);
    }
    for (std::size_t i = 0; i < size(); ++i)
        if (name_at(i) == selected_name_) {
            selected_ = i;
            return;
        }
    selected_ = std::min(selected_, size() > 0 ? size() - 1 : 0);
    remember_selected();
}

void top_model::take(waiting_report report) {
    report_ = std::move(report);
    apply_filter();
}

void top_model::remember_selected() { selected_name_ = size() > 0 ? name_at(selected_) : ""; }

void top_model::move(std::ptrdiff_t by) {
    const auto last = static_cast<std::ptrdiff_t>(size()) - 1;
    if (last < 0)
        return;
    selected_ = static_cast<std::size_t>(
        std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(selected_) + by, 0, last));
    remember_selected();
}

top_action top_model::confirm(std::vector<std::string> names) {
    if (names.empty())
        return {};
    if (!is_open() && std::find(names.begin(), names.end(), no_name) != names.end()) {
        told_ = "what has no name cannot be sent: open it, and send its messages";
        return {};
    }
    to_send_ = std::move(names);
    prompt_ = prompt::confirm;
    return {};
}

top_action top_model::open() {
    if (is_open() || size() == 0)
        return {};
    opened_ = name_at(selected_);
    report_.messages.clear();
    filter_.clear();
    marked_.clear();
    selected_ = first_ = 0;
    sort_ = waiting_column::oldest;
    apply_filter();
    return {top_action::ask_again, {}};
}

void top_model::change_sort(int by) {
    const auto found = std::find_if(sort_names.begin(), sort_names.end(),
                                    [this](const auto& one) { return one.column == sort_; });
    const auto count = static_cast<std::ptrdiff_t>(sort_names.size());
    const auto next = (found - sort_names.begin() + by + count) % count;
    sort_ = sort_names[static_cast<std::size_t>(next)].column;
    if (!is_open())
        sort_rows(report_.rows, sort_);
    apply_filter();
}

void top_model::mark() {
    if (size() == 0)
        return;
    const auto& name = name_at(selected_);
    if (marked_.erase(name) == 0)
        marked_.insert(name);
    move(1);
}

top_action top_model::press_letter(char letter) {
    switch (letter) {
    case 'q':
        return {top_action::quit, {}};
    case 'k':
        move(-1);
        return {};
    case 'j':
        move(1);
        return {};
    case ' ':
        mark();
        return {};
    case 's':
        return size() > 0 ? confirm({name_at(selected_)}) : top_action{};
    case 'S':
        return confirm({marked_.begin(), marked_.end()});
    case '/':
        prompt_ = prompt::filter;
        return {};
    case 'b': {
        if (is_open())
            return {};
        const auto found = std::find_if(group_names.begin(), group_names.end(),
                                        [this](const auto& one) { return one.by == by_; });
        by_ = found + 1 < group_names.end() ? (found + 1)->by : group_names.front().by;
        marked_.clear();
        selected_ = first_ = 0;
        return {top_action::ask_again, {}};
    }
    case '<':
    case '>':
        change_sort(letter == '<' ? -1 : 1);
        return is_open() ? top_action{top_action::ask_again, {}} : top_action{};
    default:
        return {};
    }
}

top_action top_model::press_in_list(const key_press& key) {
    const auto page = static_cast<std::ptrdiff_t>(page_);
    const auto all = static_cast<std::ptrdiff_t>(size());
    switch (key.key) {
    case top_key::up:
        move(-1);
        break;
    case top_key::down:
        move(1);
        break;
    case top_key::page_up:
        move(-page);
        break;
    case top_key::page_down:
        move(page);
        break;
    case top_key::home:
        move(-all);
        break;
    case top_key::end:
        move(all);
        break;
    case top_key::left:
        return press_letter('<');
    case top_key::right:
        return press_letter('>');
    case top_key::enter:
        return open();
    case top_key::backspace:
    case top_key::escape:
        if (!filter_.empty()) {
            filter_.clear();
            apply_filter();
        } else if (is_open()) {
            selected_name_ = std::exchange(opened_, {});
            marked_.clear();
            sort_ = waiting_column::messages;
            apply_filter();
            return {top_action::ask_again, {}};
        }
        break;
    case top_key::text:
        return key.text.size() == 1 ? press_letter(key.text.front()) : top_action{};
    case top_key::interrupt:
        return {top_action::quit, {}};
    }
    return {};
}

void top_model::press_in_filter(const key_press& key) {
    if (key.key == top_key::text)
        filter_ += key.text;
    else if (key.key == top_key::backspace)
        pop_character(filter_);
    else if (key.key == top_key::escape)
        filter_.clear();
    if (key.key == top_key::enter || key.key == top_key::escape)
        prompt_ = prompt::none;
    apply_filter();
}

top_action top_model::press(const key_press& key) {
    told_.clear();
    if (key.key == top_key::interrupt)
        return {top_action::quit, {}};
    if (prompt_ == prompt::filter) {
        press_in_filter(key);
        return {};
    }
    if (prompt_ == prompt::confirm) {
        prompt_ = prompt::none;
        if (key.key != top_key::text || (key.text != "y" && key.text != "Y"))
            return {};
        marked_.clear();
        return {top_action::send, send_arguments(by_, is_open(), std::exchange(to_send_, {}))};
    }
    return press_in_list(key);
}

std::string top_model::heading() const {
    const std::tm local = *std::localtime(&report_.now);
    char time[sizeof "00:00:00"];
    std::strftime(time, sizeof time, "%T", &local);
    std::string_view sorted;
    for (const auto& one : sort_names)
        if (one.column == sort_)
            sorted = one.name;
    std::string_view by;
    for (const auto& one : group_names)
        if (one.by == by_)
            by = one.name;
    auto result = fmt::format("{}  {}", time, counted_messages(report_.total.messages));
    if (is_open())
        result += fmt::format(" of {}", text_for_line(opened_));
    else
        result += fmt::format(" by {}, {} row{}", by, report_.rows.size(),
                              report_.rows.size() == 1 ? "" : "s");
    result += fmt::format(", sorted by {}", sorted);
    if (!marked_.empty())
        result += fmt::format(", {} marked", marked_.size());
    if (!filter_.empty())
        result += fmt::format(", with \"{}\"", filter_);
    return result;
}

waiting_report top_model::window(std::size_t first, std::size_t count) const {
    waiting_report result;
    result.now = report_.now;
    result.by = report_.by;
    result.survey = report_.survey;
    result.knows_listed = report_.knows_listed;
    for (std::size_t i = first; i < first + count; ++i) {
        if (is_open())
            result.messages.push_back(report_.messages[shown_[i]]);
        else
            result.rows.push_back(report_.rows[shown_[i]]);
    }
    return result;
}

top_model::screen top_model::draw(std::size_t columns, std::size_t rows) {
    page_ = rows > other_lines ? rows - other_lines : 1;
    first_ = std::min(first_, selected_);
    if (selected_ >= first_ + page_)
        first_ = selected_ + 1 - page_;
    if (first_ + page_ > size())
        first_ = size() > page_ ? size() - page_ : 0;
    const auto count = std::min(page_, size() - first_);
    screen result;
    result.heading = shorten_end(heading(), columns);
    constexpr std::size_t mark_width = 2;
    const auto part = window(first_, count);
    auto lines = (is_open() ? table_of_messages(part) : table_of_groups(part))
                     .lines(columns > mark_width ? columns - mark_width : 1);
    result.titles = std::move(lines.front());
    for (std::size_t i = 0; i < count; ++i)
        result.rows.push_back({std::move(lines[i + 1]), first_ + i == selected_,
                               marked_.contains(name_at(first_ + i))});
    if (prompt_ == prompt::filter)
        result.last_line = "filter: " + filter_;
    else if (prompt_ == prompt::confirm)
        result.last_line = to_send_.size() == 1
                               ? fmt::format("send {}? (y/n)", text_for_line(to_send_.front()))
                               : fmt::format("send these {}? (y/n)", to_send_.size());
    else if (!told_.empty())
        result.last_line = told_;
    else
        result.last_line = size() == 0 && filter_.empty() && !is_open()
                               ? "No mail waits.  q quit"
                               : std::string(is_open() ? help_in_group : help);
    result.last_line = shorten_end(result.last_line, columns);
    return result;
}

} // namespace flushd::tool
