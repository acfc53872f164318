/// Reads a whole file, for tables and match lists. Private to the library.
#pragma once

#include "postfix_proto/log.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace postfix_proto {

/// More than any list of domains; it keeps a device file from eating the memory.
inline constexpr std::size_t max_file_size = std::size_t{256} << 20U;

struct file_text {
    std::string text;
    int error = 0; ///< an errno value when the file could not be read
};

/// Reads the file, and once more if it has changed meanwhile, until `patience` is over: then what
/// was read last is returned with a warning. A FIFO is refused with EINVAL, as its writer may never
/// come.
[[nodiscard]] file_text read_file(const std::string& path, std::chrono::milliseconds patience,
                                  logger& log);

} // namespace postfix_proto
