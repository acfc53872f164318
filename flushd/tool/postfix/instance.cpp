#include "flushd/tool/postfix/instance.hpp"

#include "flushd/core/flush_parameters.hpp"
#include "flushd/tool/postfix/shell_command.hpp"
#include "flushd/tool/screen/last_line.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/errors.hpp"

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>

namespace flushd::tool {

using namespace postfix_proto;

namespace {

constexpr std::chrono::minutes command_limit{2};
// postqueue(1) writes some hundred bytes for each message.
constexpr std::size_t output_limit = std::size_t{512} << 20U;

postconf_result read_parameters(const std::optional<std::string>& config_directory) {
    postconf_request request;
    // Commands that are printed for the operator have it, and are run in any directory.
    if (config_directory)
        request.config_directory = std::filesystem::absolute(*config_directory);
    request.names = flush_parameter_names();
    for (const char* name :
         {"bounce_queue_lifetime", "command_directory", "config_directory", "daemon_directory",
          "data_directory", "flush_service_name", "mail_owner", "maximal_queue_lifetime",
          "multi_instance_name", "queue_directory", "relay_domains", "setgid_group",
          "showq_service_name"})
        request.names.emplace_back(name);
    try {
        return read_postconf(request);
    } catch (const startup_error& error) {
        throw tool_error(error.what(), EX_CONFIG);
    }
}

/// The last line of a command's error output, or else of its output.
std::string last_words(const program_result& result) {
    return std::string(last_line(result.errors.empty() ? result.output : result.errors));
}

} // namespace

instance::instance(std::optional<std::string> config_directory)
    : parameters_(read_parameters(config_directory)),
      config_directory_(parameters_.get("config_directory")),
      queue_directory_(parameters_.get("queue_directory")) {}

program_result instance::run(const std::string& command, std::vector<std::string> arguments) const {
    std::optional<std::string> path = parameters_.get("command_directory") + '/' + command;
    if (::access(path->c_str(), X_OK) != 0)
        path = find_program(command);
    if (!path)
        throw tool_error(fmt::format("cannot find {}", command));
    std::vector<std::string> words{*path, "-c", config_directory_};
    words.insert(words.end(), arguments.begin(), arguments.end());
    try {
        return run_program(words, std::chrono::steady_clock::now() + command_limit, output_limit);
    } catch (const startup_error& error) {
        throw tool_error(error.what());
    }
}

std::string instance::run_checked(const std::string& command,
                                  std::vector<std::string> arguments) const {
    auto result = run(command, std::move(arguments));
    if (!WIFEXITED(result.wait_status) || WEXITSTATUS(result.wait_status) != 0)
        throw tool_error(fmt::format("{} failed: {}", command, last_words(result)));
    return std::move(result.output);
}

instance enter_queue_directory(const std::optional<std::string>& config_directory) {
    instance result(config_directory);
    const auto& directory = result.queue_directory();
    if (::chdir(directory.c_str()) == 0)
        return result;
    const int error = errno;
    throw tool_error(fmt::format("cannot enter {}: {}{}", directory, errno_text(error),
                                 error == ENOENT
                                     ? fmt::format("; \"{}\" creates it",
                                                   postfix_command(result, "postfix", "check"))
                                     : ""),
                     error == EACCES ? EX_NOPERM : EX_UNAVAILABLE);
}

} // namespace flushd::tool
