/// Describes a command to the parser of the command line. Commands include this header instead of
/// the parser's own, which takes longer to compile than any of them.
#pragma once

#include "flushd/tool/screen/duration.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace flushd::tool {

/// Ends the tool with an exit status. Thrown by a command that has already printed the reason.
class exit_request {
public:
    explicit exit_request(int status) : status_(status) {}
    [[nodiscard]] int status() const noexcept { return status_; }

private:
    int status_;
};

/// What --help shows of an option.
struct option_text {
    std::string names; ///< such as "-n,--top": the long one last
    std::string description;
    std::string heading = "Options"; ///< the option is listed below it
};

/// Gives the parser a command with its options. Variables that options are stored in must outlive
/// the command's action.
class command_options {
public:
    command_options(CLI::App& app, const std::string& name, const std::string& description);

    /// Text below the options in --help; each line is a paragraph.
    void footer(const std::string& text);
    /// Arguments that are not options.
    void arguments(const std::string& name, std::vector<std::string>& values,
                   const std::string& description);

    void flag(const option_text& option, bool& value);
    /// An option that may be repeated. --help shows `value_name`, such as FILE, for its value.
    void texts(const option_text& option, const std::string& value_name,
               std::vector<std::string>& values);
    /// An option that may be repeated; each value is given to `take`, which returns what is wrong
    /// with it, or "".
    void repeated(const option_text& option, const std::string& value_name,
                  std::function<std::string(const std::string&)> take);
    /// An option whose value is a whole number of at most nine digits.
    void number(const option_text& option, std::size_t& value);
    /// An option whose value is a length of time, such as "90s" or "2h".
    template <typename Duration>
    void duration(const option_text& option, Duration& value) {
        parsed(option, "TIME", [&value](const std::string& text) -> std::string {
            const auto length = parse_duration(text);
            if (!length)
                return "not a length of time such as 90s, 30m, 2h or 3d: " + text;
            value = *length;
            return {};
        });
    }
    /// An option whose value is given to `parse`, which returns what is wrong with it, or "".
    void parsed(const option_text& option, const std::string& value_name,
                std::function<std::string(const std::string&)> parse);

    /// Sets what the command does. It may throw tool_error and exit_request.
    void action(std::function<void()> run);

private:
    CLI::App& command_;
};

} // namespace flushd::tool
