#include "postfix_proto/postconf.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/errors.hpp"
#include "postfix_proto/run_program.hpp"
#include "postfix_proto/time_value.hpp"

#include <fmt/format.h>

#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace postfix_proto {

namespace {

constexpr std::size_t output_limit = 1024 * 1024;

bool is_name_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/// Why postconf failed: the text of its last `fatal:` line, else of its last line.
std::string reason_in(std::string_view errors) {
    constexpr std::string_view label = "fatal: ";
    std::string_view last;
    std::string_view last_fatal;
    while (!errors.empty()) {
        const auto line = trim(take_line(errors));
        if (const auto at = line.find(label); at != std::string_view::npos)
            last_fatal = line.substr(at + label.size());
        if (!line.empty())
            last = line;
    }
    return std::string(last_fatal.empty() ? last : last_fatal);
}

std::string run_postconf(const std::vector<std::string>& arguments,
                         std::chrono::steady_clock::time_point deadline) {
    auto result = run_program(arguments, deadline, output_limit);
    if (result.wait_status == 0)
        return std::move(result.output);
    auto reason = reason_in(result.errors);
    if (reason.empty())
        reason = WIFSIGNALED(result.wait_status)
                     ? fmt::format("ended by signal {}", WTERMSIG(result.wait_status))
                     : fmt::format("exit status {}", WEXITSTATUS(result.wait_status));
    throw startup_error(fmt::format("{}: {}", arguments.front(), reason));
}

std::vector<std::string> postconf_command(const std::optional<std::string>& wanted,
                                          const std::optional<std::string>& config_directory) {
    const auto program = wanted ? wanted : find_program("postconf");
    if (!program)
        throw startup_error("cannot find postconf(1) in the system directories, or in a directory "
                            "of PATH that belongs to root");
    std::vector<std::string> command{*program};
    if (config_directory)
        command.insert(command.end(), {"-c", *config_directory});
    return command;
}

} // namespace

std::optional<std::string_view> postconf_result::find(std::string_view name) const {
    const auto found = values_.find(name);
    if (found == values_.end())
        return std::nullopt;
    return found->second;
}

const std::string& postconf_result::get(std::string_view name) const {
    const auto found = values_.find(name);
    if (found == values_.end())
        throw startup_error(
            fmt::format("parameter {}: unknown to the installed Postfix's postconf", name));
    return found->second;
}

bool postconf_result::get_bool(std::string_view name) const {
    const auto& value = get(name);
    if (::strcasecmp(value.c_str(), "yes") == 0)
        return true;
    if (::strcasecmp(value.c_str(), "no") == 0)
        return false;
    throw startup_error(fmt::format("parameter {}: neither yes nor no: {}", name, value));
}

int postconf_result::get_int(std::string_view name, int min) const {
    const auto& value = get(name);
    int number = 0;
    const char* const end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc() || rest != end)
        throw startup_error(fmt::format("parameter {}: not a number: {}", name, value));
    if (number < min)
        throw startup_error(fmt::format("parameter {}: {} is less than {}", name, number, min));
    return number;
}

std::chrono::seconds postconf_result::get_time(std::string_view name, char default_unit,
                                               std::chrono::seconds min) const {
    const auto& value = get(name);
    const auto time = parse_time_value(value, default_unit);
    if (!time)
        throw startup_error(fmt::format("parameter {}: bad time value or unit: {}", name, value));
    if (*time < min)
        throw startup_error(fmt::format("parameter {}: {} is less than {} seconds", name, value,
                                        static_cast<long long>(min.count())));
    return *time;
}

parameter_values parse_postconf_output(std::string_view output) {
    parameter_values values;
    auto current = values.end();
    while (!output.empty()) {
        const auto line = take_line(output);
        if (!line.empty() && is_space(line.front())) {
            const auto more = trim(line);
            if (current != values.end() && !more.empty()) {
                if (!current->second.empty())
                    current->second += ' ';
                current->second += more;
            }
            continue;
        }
        const auto equals = line.find('=');
        const auto name = trim(line.substr(0, equals));
        if (equals == std::string_view::npos || name.empty()) {
            current = values.end();
            continue;
        }
        current =
            values.insert_or_assign(std::string(name), std::string(trim(line.substr(equals + 1))))
                .first;
    }
    return values;
}

std::string substitute_names(std::string_view text, const parameter_values& values) {
    std::string result;
    while (!text.empty()) {
        const auto dollar = std::min(text.find('$'), text.size());
        result += text.substr(0, dollar);
        text.remove_prefix(dollar);
        if (text.size() < 2) {
            result += text;
            break;
        }
        const char open = text[1];
        const std::size_t brace = open == '{' || open == '(' ? 1 : 0;
        std::size_t end = 1 + brace;
        while (end < text.size() && is_name_character(text[end]))
            ++end;
        const auto found = values.find(text.substr(1 + brace, end - 1 - brace));
        const bool closed =
            brace == 0 || (end < text.size() && text[end] == (open == '{' ? '}' : ')'));
        if (found != values.end() && closed) {
            result += found->second;
            text.remove_prefix(end + brace);
        } else {
            // Two characters at least, so that the second `$` of `$$` starts nothing.
            const std::size_t length = open == '$' || brace == 1 ? 2 : end;
            result += text.substr(0, length);
            text.remove_prefix(length);
        }
    }
    return result;
}

postconf_result read_postconf(const postconf_request& request) {
    const auto deadline = std::chrono::steady_clock::now() + request.time_limit;
    auto command = postconf_command(request.program, request.config_directory);

    const parameter_values names{{"service_name", request.service_name},
                                 {"process_name", request.process_name},
                                 {"process_id", std::to_string(::getpid())}};
    std::vector<std::string> expand = command;
    expand.emplace_back("-x");
    const auto add_override = [&expand](const std::string& name, const std::string& value) {
        expand.emplace_back("-o");
        expand.emplace_back(fmt::format("{}={}", name, value));
    };

    command.emplace_back("-n");
    // main.cf's own go first, so that the command line's override them.
    for (const auto& [name, value] : parse_postconf_output(run_postconf(command, deadline)))
        if (auto replaced = substitute_names(value, names); replaced != value)
            add_override(name, replaced);
    auto own = request.own;
    for (const auto& [name, value] : request.overrides) {
        const auto replaced = substitute_names(value, names);
        if (const auto mine = own.find(name); mine != own.end())
            mine->second = replaced;
        else
            add_override(name, replaced);
    }
    expand.insert(expand.end(), request.names.begin(), request.names.end());
    auto values = parse_postconf_output(run_postconf(expand, deadline));
    values.merge(own);
    return postconf_result(std::move(values));
}

std::vector<std::string> read_table_types(const std::optional<std::string>& config_directory,
                                          std::chrono::milliseconds time_limit) {
    auto command = postconf_command(std::nullopt, config_directory);
    command.emplace_back("-m");
    const auto output = run_postconf(command, std::chrono::steady_clock::now() + time_limit);
    std::vector<std::string> types;
    for (std::string_view rest = output; !rest.empty();)
        if (const auto type = trim(take_line(rest)); !type.empty())
            types.emplace_back(type);
    return types;
}

} // namespace postfix_proto
