/// The text of main.cf, where single parameters are changed and all else stays as it is.
///
/// postconf(1) could do it, but does not tell how the lines were that it replaces, and they have to
/// come back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flushd::tool {

/// The lines that set a parameter, with their line ends, comments between them included. Of several
/// places it is the last one, as in Postfix. Nothing when none does.
[[nodiscard]] std::optional<std::string> find_setting(std::string_view main_cf,
                                                      std::string_view name);

/// The text with other lines in the place of these, at its end where there were none, or without
/// them.
[[nodiscard]] std::string with_setting(std::string_view main_cf, std::string_view name,
                                       const std::optional<std::string>& lines);

} // namespace flushd::tool
