/// Declares the functions that add the commands to the parser. Each command has a file of its own,
/// COMMAND_command.cpp, and is registered in tool.cpp.
#pragma once

#include "flushd/tool/postfix/instance.hpp"

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace flushd::tool {

/// Options that apply to every command.
struct global_options {
    std::optional<std::string> config_directory; ///< -c
};

/// Adds a command to the parser. The command runs as its action. It throws tool_error, or
/// exit_request with an exit status if it has already printed the reason.
using add_command = void (*)(CLI::App& app, const global_options& options);

// In the order of --help.
void add_install(CLI::App& app, const global_options& options);
void add_uninstall(CLI::App& app, const global_options& options);
void add_check(CLI::App& app, const global_options& options);
void add_status(CLI::App& app, const global_options& options);
void add_top(CLI::App& app, const global_options& options); // if it was built with ncurses
void add_send(CLI::App& app, const global_options& options);
void add_wait(CLI::App& app, const global_options& options);
void add_log(CLI::App& app, const global_options& options);
void add_rebuild(CLI::App& app, const global_options& options);
void add_metrics(CLI::App& app, const global_options& options);

} // namespace flushd::tool
