#include "flushd/tool/postfix/shell_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

namespace flushd::tool {

std::string shell_word(std::string_view text) {
    constexpr std::string_view harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_./:@%+-";
    if (!text.empty() && text.find_first_not_of(harmless) == std::string_view::npos)
        return std::string(text);
    std::string result = "'";
    for (const char c : text)
        result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + '\'';
}

namespace {

/// Whether every command works on this instance without being told.
bool is_default(const instance& where) {
    const char* const other = std::getenv("MAIL_CONFIG");
    return where.config_directory() == "/etc/postfix" &&
           (other == nullptr || other == where.config_directory());
}

} // namespace

std::string postfix_command(const instance& where, std::string_view command,
                            std::string_view arguments) {
    return is_default(where) ? fmt::format("{} {}", command, arguments)
                             : fmt::format("{} -c {} {}", command,
                                           shell_word(where.config_directory()), arguments);
}

std::string indented(const std::vector<std::string>& commands) {
    std::string result;
    for (const auto& command : commands)
        result += fmt::format("    {}\n", command);
    return result;
}

std::string joined(const std::vector<std::string>& commands) {
    return fmt::format("{}", fmt::join(commands, " && "));
}

} // namespace flushd::tool
