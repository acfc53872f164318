/// Reads and writes files whole, and continues after signals.
#pragma once

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/result.hpp"

#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>
#include <system_error>

namespace postfix_proto {

/// What errno says, as an error code.
[[nodiscard]] inline std::error_code last_error() { return {errno, std::generic_category()}; }

/// Whether the times are equal.
[[nodiscard]] inline bool same_time(const timespec& a, const timespec& b) noexcept {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/// Opens a file; a new one gets the mode 0600. Returns none, with errno set, when it cannot be
/// opened.
[[nodiscard]] file_descriptor open_file(const std::string& path, int flags);
/// Opens a file so that its access time does not change when it is read. That is for its owner and
/// for root; for others it changes. `path` is relative to `directory` (or AT_FDCWD).
/// Returns none, with errno set, when the file cannot be opened.
[[nodiscard]] file_descriptor open_without_trace(int directory, const char* path, int flags);

/// Reads to the end of the file or pipe. EFBIG when there are more than `limit` bytes.
[[nodiscard]] result<std::string> read_to_end(int fd, std::size_t limit);
/// The same for the file of that name.
[[nodiscard]] result<std::string> read_whole_file(const std::string& path, std::size_t limit);

/// Appends to `bytes` what there is in the file from `offset` on, at most `size` bytes.
[[nodiscard]] std::error_code read_at(int fd, off_t offset, std::size_t size, std::string& bytes);

/// Writes all of it, or fails; then a part may be there.
[[nodiscard]] std::error_code write_all(int fd, std::string_view bytes);
/// The same at an offset of a file.
[[nodiscard]] std::error_code write_at(int fd, off_t offset, std::string_view bytes);

/// Sets the size of the file.
[[nodiscard]] std::error_code truncate(int fd, off_t size);

} // namespace postfix_proto
