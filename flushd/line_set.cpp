#include "flushd/line_set.hpp"

#include <algorithm>
#include <bit>
#include <functional>

namespace flushd {

std::string_view take_line(std::string_view& rest) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return line.substr(0, line.find('\0'));
}

line_set::line_set(std::string_view text) : text_(text) {
    const auto lines =
        static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1; // the last
    slots_.resize(std::bit_ceil(2 * lines)); // at most half full, so that a search is short
}

std::size_t line_set::slot_of(std::string_view line) const {
    const auto mask = slots_.size() - 1;
    auto slot = std::hash<std::string_view>{}(line)&mask;
    while (slots_[slot] != 0 && !is_at(slots_[slot] - 1, line))
        slot = (slot + 1) & mask;
    return slot;
}

bool line_set::insert(std::string_view line) {
    const auto slot = slot_of(line);
    if (slots_[slot] != 0)
        return false;
    slots_[slot] = static_cast<std::size_t>(line.data() - text_.data()) + 1;
    return true;
}

bool line_set::contains(std::string_view line) const { return slots_[slot_of(line)] != 0; }

bool line_set::is_at(std::size_t offset, std::string_view line) const {
    const auto end = offset + line.size();
    return text_.substr(offset, line.size()) == line &&
           (end == text_.size() ||
            (end < text_.size() && (text_[end] == '\n' || text_[end] == '\0')));
}

} // namespace flushd
