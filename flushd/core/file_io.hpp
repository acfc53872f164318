/// Reads and writes at an offset of a file, and continues after signals.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

namespace flushd {

/// Appends to `bytes` what there is in the file from `offset` on, at most `size` bytes.
[[nodiscard]] std::error_code read_at(int fd, off_t offset, std::size_t size, std::string& bytes);

/// Writes all of it, or fails; then a part may be there.
[[nodiscard]] std::error_code write_at(int fd, off_t offset, std::string_view bytes);

[[nodiscard]] std::error_code truncate(int fd, off_t size);

} // namespace flushd
