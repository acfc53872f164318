#include "flushd/tool/suggestion.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace flushd::tool {

std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> before_last, last(right.size() + 1), now(right.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t row = 1; row <= left.size(); ++row) {
        now[0] = row;
        for (std::size_t column = 1; column <= right.size(); ++column) {
            const bool differ = left[row - 1] != right[column - 1];
            now[column] = std::min(
                {last[column] + 1, now[column - 1] + 1, last[column - 1] + (differ ? 1 : 0)});
            if (row > 1 && column > 1 && left[row - 1] == right[column - 2] &&
                left[row - 2] == right[column - 1])
                now[column] = std::min(now[column], before_last[column - 2] + 1);
        }
        before_last = std::exchange(last, now);
    }
    return last.back();
}

std::string near_word(std::string_view typed, const std::vector<std::string>& known) {
    if (typed.size() > 40) // too long to be a mistyped command
        return {};
    const auto is_abbreviated = [typed](std::string_view word) { return word.starts_with(typed); };
    const auto abbreviated = std::find_if(known.begin(), known.end(), is_abbreviated);
    if (!typed.empty() && std::count_if(known.begin(), known.end(), is_abbreviated) == 1)
        return *abbreviated;
    std::string nearest;
    std::size_t least = std::max<std::size_t>(1, typed.size() / 3) + 1;
    for (const auto& word : known)
        if (const auto distance = edit_distance(typed, word); distance < least) {
            least = distance;
            nearest = word;
        }
    return nearest;
}

} // namespace flushd::tool
