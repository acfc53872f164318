/// Reads a whole file, for tables and match lists. Private to the library.
#pragma once

#include "postfix_proto/log.hpp"
#include "postfix_proto/result.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace postfix_proto {

/// More than any list of domains; it keeps a device file from eating the memory.
inline constexpr std::size_t max_file_size = std::size_t{256} << 20U;

/// Reads the file, and once more if it has changed meanwhile, until `patience` is over: then what
/// was read last is returned with a warning. A FIFO is refused with EINVAL, as its writer may never
/// come.
[[nodiscard]] result<std::string> read_file(const std::string& path,
                                            std::chrono::milliseconds patience, logger& log);

} // namespace postfix_proto
