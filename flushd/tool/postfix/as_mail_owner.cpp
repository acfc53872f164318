#include "flushd/tool/postfix/as_mail_owner.hpp"

#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/file_io.hpp"
#include "postfix_proto/privileges.hpp"

#include <fmt/format.h>

#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace flushd::tool {

namespace fs = std::filesystem;
using postfix_proto::errno_text;
using postfix_proto::file_descriptor;

namespace {

constexpr std::size_t longest_answer = std::size_t{1} << 20U;

[[noreturn]] void run_child(const instance& where, const std::function<std::string()>& function,
                            int output) {
    std::string text;
    int status = 0;
    try {
        postfix_proto::enter_jail(
            {.root_directory = {}, .user = where.parameters().get("mail_owner")});
        text = function();
    } catch (const std::exception& error) {
        text = error.what();
        status = 1;
    }
    if (postfix_proto::write_all(output, text))
        status = 1;
    ::_exit(status); // do not flush the parent's buffers
}

/// The first component of the path (a directory, or the file itself) that the current user cannot
/// access; empty if there is none.
std::string find_obstacle(const std::string& file) {
    fs::path so_far;
    for (const auto& part : fs::path(file)) {
        so_far /= part;
        const bool is_file = so_far == file;
        if (::access(so_far.c_str(), is_file ? R_OK : X_OK) < 0)
            return errno == EACCES ? so_far.string() : std::string();
    }
    return {};
}

} // namespace

std::string as_mail_owner(const instance& where, const std::function<std::string()>& function) {
    int ends[2];
    if (::pipe(ends) < 0)
        throw tool_error(fmt::format("pipe: {}", errno_text(errno)), EX_OSERR);
    const file_descriptor input(ends[0]);
    file_descriptor output(ends[1]);
    const pid_t child = ::fork();
    if (child < 0)
        throw tool_error(fmt::format("fork: {}", errno_text(errno)), EX_OSERR);
    if (child == 0)
        run_child(where, function, output.get());
    output.reset();
    const auto read = postfix_proto::read_to_end(input.get(), longest_answer);
    const auto text = read ? *read : std::string();
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw tool_error(text.empty() ? "a child process that ran as mail_owner failed" : text,
                         EX_OSERR);
    return text;
}

std::vector<std::string> commands_to_make_readable(const instance& where,
                                                   const std::vector<std::string>& tables) {
    std::vector<std::string> commands;
    for (const auto& table : tables) {
        const auto file = table.substr(table.find(':') + 1);
        if (!file.starts_with('/'))
            continue;
        const auto obstacle = as_mail_owner(where, [&] { return find_obstacle(file); });
        if (obstacle.empty())
            continue;
        if (obstacle != file)
            commands.push_back(fmt::format("chmod o+x {}", shell_word(obstacle)));
        const auto* account = ::getpwnam(where.parameters().get("mail_owner").c_str());
        const auto* group = account != nullptr ? ::getgrgid(account->pw_gid) : nullptr;
        commands.push_back(fmt::format("chgrp {} {}",
                                       group != nullptr ? shell_word(group->gr_name) : "postfix",
                                       shell_word(file)));
        commands.push_back(fmt::format("chmod g+r {}", shell_word(file)));
    }
    return commands;
}

} // namespace flushd::tool
