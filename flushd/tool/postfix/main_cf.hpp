/// Finds and replaces single parameters in the text of main.cf.
///
/// postconf(1) cannot be used, because it does not report the lines that it replaces, and they must
/// be restored later.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flushd::tool {

/// The lines that set a parameter, with their line ends and any comments between them. If several
/// places set it, the last one counts, as in Postfix. Nothing if no line sets it.
[[nodiscard]] std::optional<std::string> find_setting(std::string_view main_cf,
                                                      std::string_view name);

/// The text with these lines replaced by `lines`, or removed if that is nothing. If the parameter
/// was not set, `lines` are appended.
[[nodiscard]] std::string with_setting(std::string_view main_cf, std::string_view name,
                                       const std::optional<std::string>& lines);

} // namespace flushd::tool
