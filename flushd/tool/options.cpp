#include "flushd/tool/options.hpp"

#include "flushd/tool/bracketed_words.hpp"

#include <CLI/CLI.hpp>

#include <utility>

namespace flushd::tool {

namespace {

CLI::Validator whole_number() {
    const auto complaint = [](const std::string& text) -> std::string {
        const bool is_one = !text.empty() && text.size() <= 9 &&
                            text.find_first_not_of("0123456789") == std::string::npos;
        return is_one ? "" : "not a whole number: " + text;
    };
    return {complaint, ""};
}

/// The name that complaints use: "--sort" of "-s,--sort".
std::string long_name(const std::string& names) { return names.substr(names.find(',') + 1); }

} // namespace

command_options::command_options(CLI::App& app, const std::string& name,
                                 const std::string& description)
    : command_(*app.add_subcommand(name, description)) {}

void command_options::footer(const std::string& text) { command_.footer(text); }

void command_options::arguments(const std::string& name, std::vector<std::string>& values,
                                const std::string& description) {
    command_.add_option(name, values, description)->transform(unmarked);
}

void command_options::flag(const option_text& option, bool& value) {
    command_.add_flag(option.names, value, option.description)->group(option.heading);
}

void command_options::texts(const option_text& option, const std::string& value_name,
                            std::vector<std::string>& values) {
    command_.add_option(option.names, values, option.description)
        ->transform(unmarked)
        ->allow_extra_args(false)
        ->type_name(value_name)
        ->group(option.heading);
}

void command_options::repeated(const option_text& option, const std::string& value_name,
                               std::function<std::string(const std::string&)> take) {
    const auto take_all = [name = long_name(option.names),
                           take = std::move(take)](const std::vector<std::string>& texts) {
        for (const auto& text : texts)
            if (const auto complaint = take(unmarked(text)); !complaint.empty())
                throw CLI::ValidationError(name, complaint);
    };
    command_
        .add_option_function<std::vector<std::string>>(option.names, take_all, option.description)
        ->allow_extra_args(false)
        ->type_name(value_name)
        ->group(option.heading);
}

void command_options::number(const option_text& option, std::size_t& value) {
    command_.add_option(option.names, value, option.description)
        ->check(whole_number())
        ->transform(unmarked)
        ->type_name("N")
        ->group(option.heading);
}

void command_options::parsed(const option_text& option, const std::string& value_name,
                             std::function<std::string(const std::string&)> parse) {
    const auto take = [name = long_name(option.names),
                       parse = std::move(parse)](const std::string& text) {
        if (const auto complaint = parse(unmarked(text)); !complaint.empty())
            throw CLI::ValidationError(name, complaint);
    };
    command_.add_option_function<std::string>(option.names, take, option.description)
        ->type_name(value_name)
        ->group(option.heading);
}

void command_options::action(std::function<void()> run) { command_.callback(std::move(run)); }

} // namespace flushd::tool
