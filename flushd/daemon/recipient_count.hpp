/// Reads from a queue file how many recipients its message has.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace flushd {

/// The number of recipients that cleanup(8) wrote into the first record of the queue file (record
/// C, cleanup_final.c, Postfix 3.7: size, offset of the message content, number of recipients, and
/// more, each in 15 columns). 1 when the file begins otherwise, 0 when there is none.
[[nodiscard]] std::size_t recipient_count(const std::string& path);

/// The same for the first bytes of a queue file, of which 128 are enough. At least 1.
[[nodiscard]] std::size_t recipient_count_in(std::string_view head);

} // namespace flushd
