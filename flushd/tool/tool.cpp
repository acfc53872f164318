#include "flushd/tool/tool.hpp"

#include "flushd/tool/command.hpp"
#include "flushd/tool/tool_error.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string_view>

namespace flushd::tool {

namespace {

constexpr add_command commands[] = {
    add_status,
    add_send,
    add_rebuild,
    add_metrics,
};

} // namespace

bool is_for_tool(int argc, const char* const* argv) {
    if (argc < 2)
        return ::isatty(STDIN_FILENO) != 0;
    const std::string_view first = argv[1];
    // master(8) gives its services options of one letter, and no arguments.
    return !first.starts_with('-') || first == "-h" || first.starts_with("--help") ||
           first == "--version" || (argc > 3 && first == "-c" && argv[2][0] == '/');
}

int run_tool(int argc, const char* const* argv) {
    CLI::App app("Postfix's fast flush service: what it holds, and what is done with it.",
                 "flushd");
    app.footer(
        "Started by master(8) it is the service itself, see flushd(8). The commands: flushd(1).");
    app.set_version_flag("--version", "flushd " FLUSHD_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    global_options options;
    app.add_option("-c", options.config_directory,
                   "Postfix configuration directory, of another instance")
        ->type_name("DIR");
    for (const add_command add : commands)
        if (add != nullptr)
            add(app, options);
    if (argc < 2) {
        fmt::print("{}", app.help());
        return 0;
    }
    try {
        app.parse(argc, argv);
        return 0;
    } catch (const CLI::RuntimeError& done) {
        return done.get_exit_code();
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : EX_USAGE;
    } catch (const tool_error& error) {
        fmt::print(stderr, "flushd: {}\n", error.what());
        return error.status();
    } catch (const std::exception& error) {
        fmt::print(stderr, "flushd: {}\n", error.what());
        return EX_SOFTWARE;
    }
}

} // namespace flushd::tool
