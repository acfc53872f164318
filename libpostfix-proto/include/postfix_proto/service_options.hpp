/// Parses the command line and the environment that master(8) gives to a child process.
///
/// Source: master/master_ent.c and single_server.c, Postfix 3.5 to 3.12.
#pragma once

#include "postfix_proto/postconf.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postfix_proto {

/// The options of the command line, and MAIL_VERBOSE and MAIL_DEBUG of the environment.
struct service_options {
    bool chroot = false;                              ///< -c: enter $queue_directory
    bool daemon_mode = true;                          ///< cleared by -d
    bool debug = false;                               ///< -D, MAIL_DEBUG: run $debugger_command
    bool alone = false;                               ///< -l: the process limit is one
    bool stdin_stream = false;                        ///< -S: the client is on standard input
    bool drop_privileges = false;                     ///< -u: become $mail_owner
    bool log_to_stderr = false;                       ///< -V: log to standard error, too
    bool unlimited = false;                           ///< -z: there is no process limit
    int verbosity = 0;                                ///< -v, repeated; MAIL_VERBOSE counts as one
    int socket_count = 1;                             ///< -s: listen sockets from descriptor 6 on
    std::optional<std::string> max_idle;              ///< -i: the value for max_idle, unparsed
    std::optional<std::string> max_use;               ///< -m: the value for max_use, unparsed
    std::optional<std::chrono::seconds> retire_after; ///< -r: end after this long, even when busy
    std::optional<std::string> transport;             ///< -t: unix, inet, pass, fifo
    std::string process_name;                         ///< the last component of argv[0]
    std::string service_name;                         ///< -n, or process_name
    /// -o, -i and -m in order. The values are as written: `$name` is not expanded.
    parameter_overrides overrides;
    /// The program's own options, in order: the letter, and the argument.
    std::vector<std::pair<char, std::string>> own;
};

/// Splits `name = value` at the first `=` and drops the blanks around name and value; the value may
/// be empty (util/split_nameval.c). Throws startup_error when there is no name, more than one word
/// before the `=`, or no `=`; `what` says where the text came from.
[[nodiscard]] std::pair<std::string, std::string> split_name_value(std::string_view text,
                                                                   std::string_view what);

/// Parses the command line; single-letter options may be clustered and their arguments attached.
/// Throws startup_error for an unknown option, a bad value, or an argument that is no option.
///
/// `own` are the letters of the program's own options, each of which has an argument. Letters that
/// Postfix's services have in common keep their meaning.
[[nodiscard]] service_options parse_service_options(int argc, const char* const* argv,
                                                    std::string_view own = {});

/// The number that master(8) gives each child in the octal environment variable GENERATION and
/// wants back in status messages; 0 when it is absent, which is the case when not started by
/// master(8). Throws startup_error when it is not an octal number.
[[nodiscard]] unsigned parse_generation();

} // namespace postfix_proto
