/// Reads the parameters of the installed Postfix through its own postconf(1).
///
/// postconf knows the defaults, the compile-time settings and the syntax of the installed Postfix,
/// so this header has no defaults of its own. Facts are those of postconf 3.5 to 3.12.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postfix_proto {

/// Parameters by name, with their values.
using parameter_values = std::map<std::string, std::string, std::less<>>;

/// Named parameter values, in the order in which they take effect: the last one wins.
using parameter_overrides = std::vector<std::pair<std::string, std::string>>;

/// A request to postconf(1).
struct postconf_request {
    /// The argument of -c; without it postconf uses MAIL_CONFIG or else its built-in directory.
    std::optional<std::string> config_directory{};
    /// From the command line; `$service_name`, `$process_name` and `$process_id` are expanded here.
    parameter_overrides overrides{};
    std::string service_name{}; ///< the first field of the line in master.cf
    std::string process_name{}; ///< the name of the program, without directories
    /// The parameters wanted. One that this Postfix does not know is absent from the result.
    std::vector<std::string> names{};
    /// Parameters of the program's own, which no Postfix knows, and their defaults. They can be set
    /// in `overrides`, that is, with -o in master.cf; postconf does not show them of main.cf.
    parameter_values own{};
    /// Another postconf(1) than the one that find_program() finds.
    std::optional<std::string> program{};
    /// The limit for the whole request. When it has passed, postconf is killed and startup_error
    /// thrown.
    std::chrono::milliseconds time_limit = std::chrono::seconds(30);
};

/// Values with every `$name` expanded. Each getter throws startup_error, and names the parameter,
/// when the value is absent or not of the type asked for.
class postconf_result {
public:
    /// For tests, and for values from elsewhere.
    explicit postconf_result(parameter_values values) : values_(std::move(values)) {}

    /// Valid for as long as this object.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    /// The value, which may be empty.
    [[nodiscard]] const std::string& get(std::string_view name) const;
    /// `yes` or `no` in any case (global/mail_conf_bool.c).
    [[nodiscard]] bool get_bool(std::string_view name) const;
    /// A whole decimal number that fits an int and is at least `min` (global/mail_conf_int.c).
    [[nodiscard]] int get_int(std::string_view name, int min) const;
    /// See parse_time_value(); `default_unit` is the unit of the parameter's documented default.
    [[nodiscard]] std::chrono::seconds get_time(std::string_view name, char default_unit,
                                                std::chrono::seconds min) const;

private:
    parameter_values values_;
};

/// Runs `postconf -n` and `postconf -x`, found by find_program(). Passes on the environment
/// unchanged. Blocks; use it at start-up.
///
/// postconf itself knows no service: it expands `$service_name` to nothing and `$process_name` to
/// "postconf", and refuses to have them overridden. So both, and `$process_id`, are replaced in
/// `overrides` and in what main.cf sets. Not covered: the conditional forms `${service_name?...}`.
///
/// Throws startup_error with postconf's own words when it reports a fatal error such as an
/// unreadable main.cf, and when it cannot be run, is too slow or too verbose (1 MiB). Its warnings
/// are dropped.
[[nodiscard]] postconf_result read_postconf(const postconf_request& request);

/// Returns the table types of the installed Postfix: `postconf -m`. Otherwise as above.
[[nodiscard]] std::vector<std::string>
read_table_types(const std::optional<std::string>& config_directory,
                 std::chrono::milliseconds time_limit = std::chrono::seconds(30));

/// Parses `name = value` lines. A line that starts with a blank continues the value before it; the
/// last line needs no newline; lines without `=` are skipped.
[[nodiscard]] parameter_values parse_postconf_output(std::string_view output);

/// Replaces `$name`, `${name}` and `$(name)` for the names in `values`, and leaves everything else,
/// also `$$name`, as it is.
[[nodiscard]] std::string substitute_names(std::string_view text, const parameter_values& values);

} // namespace postfix_proto
