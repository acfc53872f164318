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
    /// Reads the parameters that the tool goes by. Without a directory it is Postfix's own choice:
    /// MAIL_CONFIG, then the built-in one. Throws tool_error where there is no Postfix, or one that
    /// is not in order.
    explicit instance(std::optional<std::string> config_directory);

    [[nodiscard]] const postfix_proto::postconf_result& parameters() const { return parameters_; }
    [[nodiscard]] const std::string& config_directory() const { return config_directory_; }
    [[nodiscard]] const std::string& queue_directory() const { return queue_directory_; }
    /// The socket of a service, from the root directory on.
    [[nodiscard]] std::string public_socket(const std::string& service) const {
        return queue_directory_ + "/public/" + service;
    }

    /// Runs a command of Postfix's for this instance: `run("postconf", {"-M", "flush/unix"})`.
    /// Commands are those of command_directory, else find_program()'s. Throws tool_error when it
    /// cannot be run; a status other than 0 is for the caller to see.
    [[nodiscard]] postfix_proto::program_result run(const std::string& command,
                                                    std::vector<std::string> arguments) const;
    /// The same, and throws tool_error with the command's own words when it fails.
    std::string run_checked(const std::string& command, std::vector<std::string> arguments) const;

private:
    postfix_proto::postconf_result parameters_;
    std::string config_directory_;
    std::string queue_directory_;
};

/// Finds the instance, and makes its queue_directory the working directory for the rest of the
/// process, as it is that of Postfix's own programs: what is relative in main.cf, and the paths of
/// sockets and queue files, are relative to it. Throws tool_error.
[[nodiscard]] instance enter_queue_directory(const std::optional<std::string>& config_directory);

} // namespace flushd::tool
