/// Formats command lines for the operator to copy.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

/// A word of the shell: as it is where that will do, else in quotes.
[[nodiscard]] std::string shell_word(std::string_view text);

/// A command of Postfix's for this instance: "postconf -c /etc/postfix-out -e ...".
[[nodiscard]] std::string postfix_command(const instance& where, std::string_view command,
                                          std::string_view arguments);

/// Lines for a person, each with its newline.
[[nodiscard]] std::string indented(const std::vector<std::string>& commands);

/// In one line, each only when the one before has succeeded.
[[nodiscard]] std::string joined(const std::vector<std::string>& commands);

} // namespace flushd::tool
