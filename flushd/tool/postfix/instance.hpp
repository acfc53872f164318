/// Describes the Postfix instance that a command works on.
#pragma once

#include "postfix_proto/postconf.hpp"
#include "postfix_proto/run_program.hpp"

#include <optional>
#include <string>
#include <vector>

namespace flushd::tool {

/// One Postfix instance, known by its configuration directory.
class instance {
public:
    /// Reads the parameters that the tool needs. Without a directory, Postfix chooses: MAIL_CONFIG,
    /// then the built-in default. Throws tool_error if Postfix is not installed or its
    /// configuration cannot be read.
    explicit instance(std::optional<std::string> config_directory);

    [[nodiscard]] const postfix_proto::postconf_result& parameters() const { return parameters_; }
    [[nodiscard]] const std::string& config_directory() const { return config_directory_; }
    [[nodiscard]] const std::string& queue_directory() const { return queue_directory_; }
    /// The absolute path of a service's public socket.
    [[nodiscard]] std::string public_socket(const std::string& service) const {
        return queue_directory_ + "/public/" + service;
    }

    /// Runs a Postfix command for this instance: `run("postconf", {"-M", "flush/unix"})`. Commands
    /// are searched in command_directory, then by find_program(). Throws tool_error if the command
    /// cannot be run; the caller checks its exit status.
    [[nodiscard]] postfix_proto::program_result run(const std::string& command,
                                                    std::vector<std::string> arguments) const;
    /// The same, but throws tool_error with the command's own message if it fails.
    std::string run_checked(const std::string& command, std::vector<std::string> arguments) const;

private:
    postfix_proto::postconf_result parameters_;
    std::string config_directory_;
    std::string queue_directory_;
};

/// Finds the instance, and makes its queue_directory the working directory for the rest of the
/// process, as Postfix's own programs do: relative names in main.cf, and the paths of sockets and
/// queue files, are relative to it. Throws tool_error.
[[nodiscard]] instance enter_queue_directory(const std::optional<std::string>& config_directory);

} // namespace flushd::tool
