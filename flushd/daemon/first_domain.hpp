/// Reads from a queue file where its message goes.
#pragma once

#include <string>

namespace flushd {

/// The domain of the first recipient whose delivery is pending, in lower case. Empty when there is
/// none, or the file cannot be read.
[[nodiscard]] std::string first_domain(const std::string& path);

} // namespace flushd
