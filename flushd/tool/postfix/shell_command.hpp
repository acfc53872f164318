/// Formats command lines for the operator to copy.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// The text as one word of the shell, quoted if necessary.
[[nodiscard]] std::string shell_word(std::string_view text);

/// A command of Postfix, or flushd, for this instance, such as "postconf -c /etc/postfix-out -e
/// ...". Whatever advises a command makes it here: without -c it would change another instance.
[[nodiscard]] std::string postfix_command(const instance& where, std::string_view command,
                                          std::string_view arguments);

/// One command per line, indented, each with a newline.
[[nodiscard]] std::string indented(const std::vector<std::string>& commands);

/// All commands in one line, joined by "&&".
[[nodiscard]] std::string joined(const std::vector<std::string>& commands);

} // namespace flushd::tool
