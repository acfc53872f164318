#include "attributes/base64.hpp"

#include <array>
#include <cstdint>

namespace postfix_proto {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t no_digit = 0xff;

constexpr auto make_digits() {
    std::array<std::uint8_t, 256> result{};
    result.fill(no_digit);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        result[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return result;
}
constexpr auto digits = make_digits();

} // namespace

std::string encode_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (; !bytes.empty(); bytes.remove_prefix(bytes.size() < 3 ? bytes.size() : 3)) {
        const auto byte = [&](std::size_t i) -> std::uint32_t {
            return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
        };
        const std::uint32_t bits = byte(0) << 16U | byte(1) << 8U | byte(2);
        for (std::size_t i = 0; i < 4; ++i)
            text += i <= bytes.size() ? alphabet[bits >> (18U - 6U * i) & 63U] : '=';
    }
    return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0)
        return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    for (; !text.empty(); text.remove_prefix(4)) {
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            if (i >= 2 && text[i] == '=')
                return bytes;
            const auto digit = digits[static_cast<unsigned char>(text[i])];
            if (digit == no_digit)
                return std::nullopt;
            bits = bits << 6U | digit;
            if (i > 0)
                bytes += static_cast<char>(bits >> (4U - 2U * (i - 1)) & 255U);
        }
    }
    return bytes;
}

} // namespace postfix_proto
