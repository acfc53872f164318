#include "flushd/tool/check/check.hpp"

#include "flushd/core/probe.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/last_line.hpp"

#include "postfix_proto/errors.hpp"

#include <sys/wait.h>

#include <cerrno>
#include <string>

namespace flushd::tool {

using postfix_proto::errno_text;

/// Whether it may be none for the programs of Postfix, which run as another user.
bool check::may_be_permission(std::string_view problem) const {
    return !is_root_ && problem.find(errno_text(EACCES)) != std::string_view::npos;
}

/// The sockets are for the group of postqueue(1), and the files are not for everybody.
void check::check_as_user() {
    const auto done = where_.run("postqueue", {"-i", std::string(probe_queue_id)});
    const auto said = last_line(done.errors);
    if (WIFEXITED(done.wait_status) && WEXITSTATUS(done.wait_status) == 0)
        found_.ok("{}/public/{} answers postqueue(1)", where_.queue_directory(), service_);
    else if (said.find("is not allowed to") != std::string_view::npos)
        found_.unknown("whether {}/public/{} answers: {}", where_.queue_directory(), service_,
                       said);
    else
        found_.error("{}/public/{} does not answer: {}: {}", where_.queue_directory(), service_,
                     said, command("postfix", "start"));
    found_.unknown("which program answers, whether the queue manager does, whether Postfix has "
                   "read main.cf and master.cf as they are now, and whether all deferred mail is "
                   "listed: \"{}\" as root tells",
                   command("flushd", "check"));
}

} // namespace flushd::tool
