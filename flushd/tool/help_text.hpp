/// Formats the output of --help, for a terminal of 80 columns.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace flushd::tool {

/// Prints one usage line, a description, then arguments, options and commands under headings.
/// Values have the names that the commands give, such as TIME, not those of the parser.
class help_formatter : public CLI::FormatterBase {
public:
    std::string make_help(const CLI::App* app, std::string name,
                          CLI::AppFormatMode mode) const override;
};

} // namespace flushd::tool
