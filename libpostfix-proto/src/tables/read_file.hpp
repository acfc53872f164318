/// Reads a whole file, for tables and match lists. Private to the library.
#pragma once

#include "postfix_proto/log.hpp"
#include "postfix_proto/result.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace postfix_proto {

/// Larger than any list of domains; prevents a device file from using up the memory.
inline constexpr std::size_t max_file_size = std::size_t{256} << 20U;

/// Reads the file, and again if it has changed meanwhile, until `patience` is over. Then returns
/// the last content, with a warning. A FIFO is refused with EINVAL, because it may never have a
/// writer.
[[nodiscard]] result<std::string> read_file(const std::string& path,
                                            std::chrono::milliseconds patience, logger& log);

} // namespace postfix_proto
