/// Explains how to make a refused destination eligible.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include <string>
#include <string_view>

namespace flushd::tool {

/// Returns lines for a person, each with a newline: why the site is refused, and indented commands,
/// after which it is eligible.
[[nodiscard]] std::string eligibility_hint(const instance& postfix, std::string_view site);

} // namespace flushd::tool
