/// Runs functions with the rights of mail_owner, Postfix's own account.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include <functional>
#include <string>
#include <vector>

namespace flushd::tool {

/// Runs a function in a child process that has changed to $mail_owner as Postfix's daemons do, and
/// returns its text. Requires root. Throws tool_error, also for an exception of the function.
[[nodiscard]] std::string as_mail_owner(const instance& where,
                                        const std::function<std::string()>& function);

/// The commands that let mail_owner, the user of proxymap(8), read the files of those tables whose
/// name is a path, such as "mysql:/etc/postfix/sites.cf". There is no command for a file that is
/// already readable or does not exist.
[[nodiscard]] std::vector<std::string>
commands_to_make_readable(const instance& where, const std::vector<std::string>& tables);

} // namespace flushd::tool
