/// Defines kinds of options that several commands share.
#pragma once

#include "flushd/tool/screen/duration.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace flushd::tool {

/// Adds an option whose value is a length of time, such as "90s" or "2h".
template <typename Duration>
CLI::Option* add_duration(CLI::App& app, const std::string& name, Duration& value,
                          const std::string& help) {
    return app
        .add_option_function<std::string>(
            name,
            [&value, name](const std::string& text) {
                const auto length = parse_duration(text);
                if (!length)
                    throw CLI::ValidationError(
                        name, "not a length of time such as 90s, 30m, 2h or 3d: " + text);
                value = *length;
            },
            help)
        ->type_name("TIME");
}

/// Accepts a whole number of at most nine digits.
inline CLI::Validator whole_number() {
    const auto complaint = [](const std::string& text) -> std::string {
        const bool is_one = !text.empty() && text.size() <= 9 &&
                            text.find_first_not_of("0123456789") == std::string::npos;
        return is_one ? "" : "not a whole number: " + text;
    };
    return {complaint, ""};
}

} // namespace flushd::tool
