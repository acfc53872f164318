#include "flushd/tool/help_text.hpp"

#include "flushd/tool/screen/wrapped_text.hpp"

#include "postfix_proto/brace_syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace flushd::tool {

namespace {

constexpr std::size_t columns = 79;
constexpr std::size_t description_column = 26;

std::string wrap(std::string_view text, std::size_t indent) {
    return wrapped_text(text, indent, columns);
}

std::string entry(const std::string& name, const std::string& description) {
    const auto text = wrap(description, description_column);
    if (name.size() + 4 > description_column)
        return fmt::format("  {}\n{:{}}{}\n", name, "", description_column, text);
    return fmt::format("  {:<{}}{}\n", name, description_column - 2, text);
}

std::string entry(const CLI::Option& option) {
    std::string name;
    for (const auto& letter : option.get_snames())
        name += "-" + letter;
    for (const auto& word : option.get_lnames())
        name += (name.empty() ? "    --" : ", --") + word;
    if (option.get_type_size() != 0)
        name += " " + option.get_type_name();
    return entry(name, option.get_description());
}

std::string usage(const CLI::App& app) {
    if (app.get_parent() == nullptr)
        return "Usage: flushd [-c DIR] COMMAND [OPTION]... [ARGUMENT]...\n";
    std::string text = fmt::format("Usage: flushd [-c DIR] {}", app.get_name());
    const auto is_own = [](const CLI::Option* option) {
        return option->nonpositional() && option->get_lnames() != std::vector<std::string>{"help"};
    };
    if (!app.get_options(is_own).empty())
        text += " [OPTION]...";
    for (const auto* argument :
         app.get_options([](auto* option) { return option->get_positional(); }))
        text += fmt::format(" [{}]{}", argument->get_name(true),
                            argument->get_expected_max() > 1 ? "..." : "");
    return text + "\n";
}

std::string section(const CLI::App& app, const std::string& group) {
    std::string text;
    for (const auto* option : app.get_options())
        if (option->get_group() == group && option->nonpositional())
            text += entry(*option);
    return text.empty() ? text : fmt::format("\n{}:\n{}", group, text);
}

std::string arguments(const CLI::App& app) {
    std::string text;
    for (const auto* option : app.get_options())
        if (option->get_positional())
            text += entry(option->get_name(true), option->get_description());
    return text.empty() ? text : "\nArguments:\n" + text;
}

std::string commands(const CLI::App& app) {
    std::string text;
    for (const auto* command : app.get_subcommands({}))
        text += entry(command->get_name(), command->get_description());
    return text.empty() ? text : "\nCommands:\n" + text;
}

std::string paragraphs(std::string_view text) {
    std::string result;
    while (!text.empty())
        result += "\n" + wrap(postfix_proto::take_line(text), 0) + "\n";
    return result;
}

} // namespace

std::string help_formatter::make_help(const CLI::App* app, std::string /*name*/,
                                      CLI::AppFormatMode /*mode*/) const {
    std::string text = usage(*app) + "\n" + wrap(app->get_description(), 0) + "\n";
    text += commands(*app) + arguments(*app);
    const auto groups = app->get_groups();
    for (const auto& group : groups)
        if (group != "Options")
            text += section(*app, group);
    return text + section(*app, "Options") + paragraphs(app->get_footer());
}

} // namespace flushd::tool
