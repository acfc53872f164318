/// Explains how to make a refused destination eligible.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include <string>
#include <string_view>

namespace flushd::tool {

/// fast_flush_domains with one domain added: a value for `postconf -e`.
[[nodiscard]] std::string with_domain(std::string_view list, std::string_view domain);

/// Returns lines for a person, each with a newline.
[[nodiscard]] std::string eligibility_hint(const instance& postfix, std::string_view site);

} // namespace flushd::tool
