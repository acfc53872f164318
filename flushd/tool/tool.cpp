#include "flushd/tool/tool.hpp"

#include "flushd/tool/command.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/log.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

namespace flushd::tool {

namespace {

constexpr add_command commands[] = {
    add_install, add_uninstall, add_check, add_status, add_send, add_rebuild, add_metrics,
};

/// The first word that is neither an option nor the argument of -c. Null when there is none.
const char* find_command(int argc, const char* const* argv) {
    for (int number = 1; number < argc; ++number) {
        if (argv[number][0] != '-')
            return argv[number];
        if (std::string_view(argv[number]) == "-c")
            ++number;
    }
    return nullptr;
}

std::string one_line(const CLI::App*, const CLI::Error& error) {
    std::string text = error.what();
    if (text == "A subcommand is required")
        text = "a command is needed";
    for (char& c : text)
        c = c == '\n' ? ' ' : c;
    return fmt::format("flushd: {}; see flushd --help\n", text);
}

} // namespace

bool is_for_tool(int argc, const char* const* argv) {
    if (argc < 2)
        return ::isatty(STDIN_FILENO) != 0;
    const std::string_view first = argv[1];
    // master(8) gives its services options of one letter, and no arguments. -c is an option of
    // both: the service's says that it is in a chroot, and nothing can follow it but the next one.
    if (first == "-c")
        return argc > 2 && argv[2][0] != '-';
    return !first.starts_with('-') || first.starts_with("-c/") || first == "-h" ||
           first.starts_with("--help") || first == "--version";
}

int run_tool(int argc, const char* const* argv) {
    CLI::App app("Postfix's fast flush service: what it holds, and what is done with it.",
                 "flushd");
    app.footer(
        "Started by master(8) it is the service itself, see flushd(8). The commands: flushd(1).");
    app.set_version_flag("--version", "flushd " FLUSHD_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    app.failure_message(one_line);
    global_options options;
    app.add_option("-c", options.config_directory,
                   "Postfix configuration directory, of another instance")
        ->type_name("DIR");
    for (const add_command add : commands)
        add(app, options);
    if (argc < 2) {
        fmt::print("{}", app.help());
        return 0;
    }
    const char* word = find_command(argc, argv);
    const auto is_word = [word](const CLI::App* command) { return command->check_name(word); };
    if (word != nullptr && app.get_subcommands(is_word).empty()) {
        fmt::print(stderr, "flushd: no such command: {}\n", postfix_proto::printable(word));
        return EX_USAGE;
    }
    try {
        app.parse(argc, argv);
        return 0;
    } catch (const CLI::RuntimeError& done) {
        return done.get_exit_code();
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : EX_USAGE;
    } catch (const tool_error& error) {
        std::fflush(stdout); // what has been said so far comes first, also in a file
        fmt::print(stderr, "flushd: {}\n", error.what());
        return error.status();
    } catch (const std::exception& error) {
        fmt::print(stderr, "flushd: {}\n", error.what());
        return EX_SOFTWARE;
    }
}

} // namespace flushd::tool
