#include "flushd/tool/tool.hpp"

#include "flushd/tool/bracketed_words.hpp"
#include "flushd/tool/command.hpp"
#include "flushd/tool/help_text.hpp"
#include "flushd/tool/options.hpp"
#include "flushd/tool/screen/tool_error.hpp"
#include "flushd/tool/suggestion.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace flushd::tool {

namespace {

constexpr add_command commands[] = {
    add_install, add_uninstall, add_check, add_status,
#ifdef FLUSHD_HAVE_CURSES
    add_top,
#endif
    add_send,    add_wait,      add_log,   add_rebuild, add_metrics,
};

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* command : app.get_subcommands({}))
        names.push_back(command->get_name());
    return names;
}

/// The long options of the command, and the global ones.
std::vector<std::string> option_names(const CLI::App& app, const CLI::App* command) {
    std::vector<std::string> names;
    for (const auto* from : {&app, command})
        if (from != nullptr)
            for (const auto* option : from->get_options())
                for (const auto& name : option->get_lnames())
                    names.push_back("--" + name);
    return names;
}

std::string unknown(std::string_view kind, std::string_view word,
                    const std::vector<std::string>& known, std::string_view help) {
    const auto meant = near_word(word, known);
    return fmt::format("unknown {} {}; {}`{}` lists all", kind, postfix_proto::printable(word),
                       meant.empty() ? "" : fmt::format("did you mean {}? ", meant), help);
}

std::string help_command(const CLI::App* command) {
    return command == nullptr ? "flushd --help"
                              : fmt::format("flushd {} --help", command->get_name());
}

const CLI::App* find_command(const CLI::App& app, std::string_view name) {
    for (const auto* command : app.get_subcommands({}))
        if (command->get_name() == name)
            return command;
    return nullptr;
}

/// Returns a message if the command or a long option is unknown; else an empty text. The command is
/// the first word that is neither an option nor the argument of -c.
std::string find_mistyped(const CLI::App& app, int argc, const char* const* argv) {
    const CLI::App* command = nullptr;
    for (int number = 1; number < argc; ++number) {
        const std::string_view word = argv[number];
        if (word == "--")
            break;
        if (word == "-c") {
            ++number;
        } else if (word.starts_with("--")) {
            const auto name = word.substr(0, word.find('='));
            const auto known = option_names(app, command);
            if (std::find(known.begin(), known.end(), name) == known.end())
                return unknown("option", name, known, help_command(command));
        } else if (command == nullptr && !word.starts_with('-') && !word.empty()) {
            command = find_command(app, word);
            if (command == nullptr)
                return unknown("command", word, command_names(app), "flushd --help");
        }
    }
    return {};
}

void print_error(std::string_view text) {
    std::fflush(stdout); // keep the order of messages if both go to the same file
    fmt::print(stderr, "flushd: {}\n", text);
}

/// The parser's own message, in one line, with a pointer to the help.
std::string explain(const CLI::App& app, const CLI::Error& error) {
    std::string text = error.what();
    if (text == "A subcommand is required")
        text = "a command is required";
    std::replace(text.begin(), text.end(), '\n', ' ');
    const auto used = app.get_subcommands();
    if (used.empty())
        return fmt::format("{}; `flushd --help` lists all", text);
    return fmt::format("{}; see `{}`", text, help_command(used.front()));
}

void add_help(CLI::App& app) {
    auto* command = app.add_subcommand("help", "Print help for a command");
    auto name = std::make_shared<std::string>();
    command->add_option("COMMAND", *name, "The command; without it, help lists all commands")
        ->transform(unmarked);
    command->callback([&app, name] {
        const auto* about = name->empty() ? &app : find_command(app, *name);
        if (about == nullptr)
            throw tool_error(unknown("command", *name, command_names(app), "flushd --help"),
                             EX_USAGE);
        fmt::print("{}", about->get_formatter()->make_help(about, "", CLI::AppFormatMode::Normal));
    });
}

void add_global_options(CLI::App& app, global_options& options) {
    app.set_help_flag("-h,--help", "Print this help");
    app.set_version_flag("--version", "flushd " FLUSHD_VERSION, "Print the version");
    app.add_option("-c", options.config_directory,
                   "The configuration directory of another Postfix instance")
        ->transform(unmarked)
        ->type_name("DIR");
    app.formatter(std::make_shared<help_formatter>());
    app.require_subcommand(1);
    app.fallthrough();
}

} // namespace

bool is_for_tool(int argc, const char* const* argv) {
    if (argc < 2)
        return true; // master(8) always gives its services at least -t
    const std::string_view first = argv[1];
    // master(8) passes options of one letter, and no arguments. Both have an option -c: the
    // service's means that it runs in a chroot, and only another option can follow it.
    if (first == "-c")
        return argc > 2 && argv[2][0] != '-';
    return !first.starts_with('-') || first.starts_with("-c/") || first == "-h" ||
           first.starts_with("--");
}

int run_tool(int argc, const char* const* argv) {
    CLI::App app("Looks after Postfix's fast flush service.", "flushd");
    app.footer("`flushd help COMMAND` describes a command; flushd(1) has the details. Started by "
               "master(8), flushd is the service itself: see flushd(8).");
    global_options options;
    add_global_options(app, options);
    for (const add_command add : commands)
        add(app, options);
    add_help(app);
    if (argc < 2 && ::isatty(STDIN_FILENO) != 0) {
        fmt::print("{}", app.help());
        return 0;
    }
    if (const auto mistyped = find_mistyped(app, argc, argv); !mistyped.empty()) {
        print_error(mistyped);
        return EX_USAGE;
    }
    try {
        auto words = with_marked_brackets(argc, argv);
        std::reverse(words.begin(), words.end()); // as the parser wants them
        app.parse(std::move(words));
        return 0;
    } catch (const exit_request& done) {
        return done.status();
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) // --help and --version
            return app.exit(error);
        print_error(explain(app, error));
        return EX_USAGE;
    } catch (const tool_error& error) {
        print_error(error.what());
        return error.status();
    } catch (const std::exception& error) {
        print_error(error.what());
        return EX_SOFTWARE;
    }
}

} // namespace flushd::tool
