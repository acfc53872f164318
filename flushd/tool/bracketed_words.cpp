#include "flushd/tool/bracketed_words.hpp"

#include <cstddef>
#include <string_view>

namespace flushd::tool {

namespace {

// Never the first byte of a domain, a queue ID or a useful file name.
constexpr char mark = '\x01';

} // namespace

std::vector<std::string> with_marked_brackets(int argc, const char* const* argv) {
    std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    for (auto& word : words) {
        if (!word.ends_with(']'))
            continue;
        const auto equals = word.find('=');
        const std::size_t begin =
            word.starts_with("--") && equals != std::string::npos ? equals + 1 : 0;
        if (word[begin] == '[')
            word.insert(begin, 1, mark);
    }
    return words;
}

std::string unmarked(std::string value) {
    if (value.starts_with(mark))
        value.erase(0, 1);
    return value;
}

} // namespace flushd::tool
