/// Runs functions with the rights of mail_owner, Postfix's own account.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include <functional>
#include <string>
#include <vector>

namespace flushd::tool {

/// Runs a function in a process that has become $mail_owner as Postfix's daemons do, and returns
/// the text that it returns. Only for root. Throws tool_error, also with what the function throws.
[[nodiscard]] std::string as_mail_owner(const instance& where,
                                        const std::function<std::string()>& function);

/// The commands that let mail_owner, as which proxymap(8) runs, read the files of these tables:
/// those whose name is a path, such as "mysql:/etc/postfix/sites.cf". None for what it can read
/// already, and for files that are not there.
[[nodiscard]] std::vector<std::string>
commands_to_make_readable(const instance& where, const std::vector<std::string>& tables);

} // namespace flushd::tool
