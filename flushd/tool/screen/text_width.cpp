#include "flushd/tool/screen/text_width.hpp"

#include <algorithm>
#include <iterator>

namespace flushd::tool {

namespace {

constexpr std::string_view left_out = "..";

struct range {
    char32_t first, last;
};

constexpr range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x25fd, 0x25fe},
    {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26aa, 0x26ab},   {0x26bd, 0x26be},
    {0x26c4, 0x26c5},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},
    {0x274c, 0x274c},   {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2b1b, 0x2b1c},
    {0x2b50, 0x2b50},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
    {0x4e00, 0xa4cf},   {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},   {0xff01, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18cff},
    {0x1b000, 0x1b2fb}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f320},
    {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca},
    {0x1f3e0, 0x1f3f0}, {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc},
    {0x1f4ff, 0x1f53d}, {0x1f550, 0x1f567}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5},
    {0x1f6d0, 0x1f6d2}, {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb},
    {0x1f90c, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd}};
constexpr range combining[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},  {0x064b, 0x065f},
    {0x06d6, 0x06dc}, {0x0900, 0x0902}, {0x093c, 0x093c}, {0x0941, 0x0948},  {0x094d, 0x094d},
    {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff},  {0x1dc0, 0x1dff},
    {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20f0},  {0x3099, 0x309a},
    {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef}};

template <std::size_t count>
bool contains(const range (&ranges)[count], char32_t character) {
    const auto* const found =
        std::lower_bound(std::begin(ranges), std::end(ranges), character,
                         [](const range& one, char32_t value) { return one.last < value; });
    return found != std::end(ranges) && found->first <= character;
}

std::size_t width_of(char32_t character) {
    if (character < 0x300)
        return 1;
    return contains(combining, character) ? 0 : contains(wide, character) ? 2 : 1;
}

/// The length in bytes of the first character, and its width.
struct measured {
    std::size_t bytes = 1, columns = 1;
};

measured measure_first(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (length == 1 || length > text.size())
        return {};
    char32_t character = first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xc0U) != 0x80U)
            return {};
        character = (character << 6U) | (byte & 0x3fU);
    }
    return {length, width_of(character)};
}

/// As many characters from the front as fit into the columns, in bytes.
std::size_t prefix_within(std::string_view text, std::size_t width) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto [bytes, columns] = measure_first(text.substr(at));
        if (columns > width)
            break;
        width -= columns;
        at += bytes;
    }
    return at;
}

/// Where the end begins that fits into the columns; has is the width of the whole text.
std::size_t suffix_within(std::string_view text, std::size_t has, std::size_t width) {
    std::size_t at = 0;
    while (at < text.size() && has > width) {
        const auto [bytes, columns] = measure_first(text.substr(at));
        has -= columns;
        at += bytes;
    }
    // Not to begin with what combines with a character that is left out.
    while (at < text.size() && measure_first(text.substr(at)).columns == 0)
        at += measure_first(text.substr(at)).bytes;
    return at;
}

} // namespace

std::size_t display_width(std::string_view text) {
    std::size_t result = 0;
    while (!text.empty()) {
        const auto [bytes, columns] = measure_first(text);
        result += columns;
        text.remove_prefix(bytes);
    }
    return result;
}

std::string shorten(std::string_view text, std::size_t width) {
    const auto has = display_width(text);
    if (has <= width)
        return std::string(text);
    if (width <= left_out.size() + 1)
        return std::string(text.substr(0, prefix_within(text, width)));
    const auto head = (width - left_out.size()) / 2;
    const auto tail = width - left_out.size() - head;
    std::string result(text.substr(0, prefix_within(text, head)));
    result += left_out;
    result += text.substr(suffix_within(text, has, tail));
    return result;
}

std::string shorten_end(std::string_view text, std::size_t width) {
    if (display_width(text) <= width)
        return std::string(text);
    if (width <= left_out.size() + 1)
        return std::string(text.substr(0, prefix_within(text, width)));
    std::string result(text.substr(0, prefix_within(text, width - left_out.size())));
    result += left_out;
    return result;
}

} // namespace flushd::tool
