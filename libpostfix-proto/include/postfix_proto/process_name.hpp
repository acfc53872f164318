/// Forms the name of a process as Postfix does.
#pragma once

#include <string_view>

namespace postfix_proto {

/// The part of a pathname after the last `/` that something follows, as Postfix names a process.
[[nodiscard]] std::string_view process_basename(std::string_view path) noexcept;

} // namespace postfix_proto
