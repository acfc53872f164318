/// Hashes values that others choose (site names, queue IDs, lines) with a secret key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace flushd {

/// The two halves of the key, each from eight bytes in little-endian order.
struct sip_key {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};

/// SipHash (Aumasson and Bernstein, 2012) with these numbers of rounds for each eight bytes, and at
/// the end.
template <int each_word, int at_the_end>
[[nodiscard]] std::uint64_t sip_hash(const sip_key& key, std::string_view bytes) noexcept;

/// SipHash-1-3 with a random key of the process. With a known hash function, a client could choose
/// site names or queue IDs that all fall into the same slot of a hash table, and make each look-up
/// as slow as a search through all of them. The hash value must not be disclosed.
[[nodiscard]] std::uint64_t keyed_hash(std::string_view bytes) noexcept;

/// For containers with texts as keys.
struct keyed_text_hash {
    std::size_t operator()(std::string_view text) const noexcept { return keyed_hash(text); }
};

} // namespace flushd
