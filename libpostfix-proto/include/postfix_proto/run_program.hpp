/// Runs a program, waits until it ends, and collects its output.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace postfix_proto {

/// The exit status and the output of a program.
struct program_result {
    int wait_status = 0; ///< as from waitpid(2)
    std::string output;  ///< all of its standard output
    std::string errors;  ///< its standard error, the last part when there was much
};

/// The absolute pathname of an executable. The system's directories come first: /usr/sbin,
/// /usr/bin, /sbin, /bin, /usr/local/sbin, /usr/local/bin. Then those in PATH, but for root, and
/// for a process with more rights than its caller (set-user-ID, set-group-ID), only directories
/// that nobody but root can change, because the caller sets PATH. Relative directories are skipped:
/// a daemon must not run programs from its working directory.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name);

/// Runs `arguments[0]`, a pathname, without a shell, standard input being /dev/null. Throws
/// startup_error when it cannot be started, and kills it and throws when `deadline` passes or more
/// than `output_limit` bytes come.
program_result run_program(const std::vector<std::string>& arguments,
                           std::chrono::steady_clock::time_point deadline,
                           std::size_t output_limit);

} // namespace postfix_proto
