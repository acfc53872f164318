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

/// SipHash (Aumasson and Bernstein, 2012) with so many rounds for each eight bytes and at the end.
template <int each_word, int at_the_end>
[[nodiscard]] std::uint64_t sip_hash(const sip_key& key, std::string_view bytes) noexcept;

/// SipHash-1-3 with a key that each process draws anew. Whoever may send names of sites or queue
/// IDs could choose them so that all fall into one place of a table that is hashed in a way that he
/// knows, and finding one among them would take as long as there are many. What the value is must
/// not be told to anybody.
[[nodiscard]] std::uint64_t keyed_hash(std::string_view bytes) noexcept;

/// For containers with texts as keys.
struct keyed_text_hash {
    std::size_t operator()(std::string_view text) const noexcept { return keyed_hash(text); }
};

} // namespace flushd
