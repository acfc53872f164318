#include "flushd/core/keyed_hash.hpp"

#include <sys/auxv.h>
#include <sys/random.h>

#include <bit>
#include <cstring>

namespace flushd {

namespace {

static_assert(std::endian::native == std::endian::little ||
              std::endian::native == std::endian::big);

std::uint64_t word_at(const char* bytes) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof(word));
    if constexpr (std::endian::native == std::endian::big)
        word = __builtin_bswap64(word);
    return word;
}

sip_key draw_key() noexcept {
    sip_key key;
    if (::getrandom(&key, sizeof(key), 0) == static_cast<ssize_t>(sizeof(key)))
        return key;
    // The kernel lacks getrandom(2), or a jail forbids it. Every process gets 16 random bytes when
    // it is started. Other code uses them, too, so they are not used unchanged.
    const auto* given = reinterpret_cast<const char*>(::getauxval(AT_RANDOM));
    if (given == nullptr)
        return key;
    const sip_key theirs{word_at(given), word_at(given + 8)};
    key.first = sip_hash<2, 4>(theirs, "flushd, first half");
    key.second = sip_hash<2, 4>(theirs, "flushd, second half");
    return key;
}

// Drawn before main(), because the process may not be permitted to do so later.
const sip_key process_key = draw_key();

} // namespace

template <int each_word, int at_the_end>
std::uint64_t sip_hash(const sip_key& key, std::string_view bytes) noexcept {
    std::uint64_t a = key.first ^ 0x736f6d6570736575U;
    std::uint64_t b = key.second ^ 0x646f72616e646f6dU;
    std::uint64_t c = key.first ^ 0x6c7967656e657261U;
    std::uint64_t d = key.second ^ 0x7465646279746573U;
    const auto rounds = [&](int count) {
        for (int i = 0; i < count; ++i) {
            a += b;
            b = std::rotl(b, 13) ^ a;
            a = std::rotl(a, 32);
            c += d;
            d = std::rotl(d, 16) ^ c;
            a += d;
            d = std::rotl(d, 21) ^ a;
            c += b;
            b = std::rotl(b, 17) ^ c;
            c = std::rotl(c, 32);
        }
    };
    const auto take = [&](std::uint64_t word) {
        d ^= word;
        rounds(each_word);
        a ^= word;
    };
    std::string_view rest = bytes;
    for (; rest.size() >= 8; rest.remove_prefix(8))
        take(word_at(rest.data()));
    // The remaining bytes and the lowest byte of the length form the last word.
    std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56U;
    for (std::size_t i = 0; i < rest.size(); ++i)
        last |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest[i])) << (8 * i);
    take(last);
    c ^= 0xffU;
    rounds(at_the_end);
    return a ^ b ^ c ^ d;
}

template std::uint64_t sip_hash<1, 3>(const sip_key&, std::string_view) noexcept;
template std::uint64_t sip_hash<2, 4>(const sip_key&, std::string_view) noexcept;

std::uint64_t keyed_hash(std::string_view bytes) noexcept {
    return sip_hash<1, 3>(process_key, bytes);
}

} // namespace flushd
