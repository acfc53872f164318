#include "postfix_proto/service_options.hpp"

#include "postfix_proto/brace_syntax.hpp"
#include "postfix_proto/errors.hpp"
#include "postfix_proto/process_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace postfix_proto {

namespace {

constexpr std::string_view options_without_argument = "cdDlSuvVz";
constexpr std::string_view options_with_argument = "imnorst";

int positive_number(std::string_view text, std::string_view what) {
    int number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || rest != end || number <= 0)
        throw startup_error(fmt::format("invalid {}: {}", what, text));
    return number;
}

void set_flag(service_options& options, char letter) {
    switch (letter) {
    case 'c':
        options.chroot = true;
        break;
    case 'd':
        options.daemon_mode = false;
        break;
    case 'D':
        options.debug = true;
        break;
    case 'l':
        options.alone = true;
        break;
    case 'S':
        options.stdin_stream = true;
        break;
    case 'u':
        options.drop_privileges = true;
        break;
    case 'v':
        ++options.verbosity;
        break;
    case 'V':
        options.log_to_stderr = true;
        break;
    case 'z':
        options.unlimited = true;
        break;
    }
}

void set_value(service_options& options, char letter, std::string_view value) {
    switch (letter) {
    case 'i':
        options.max_idle = value;
        options.overrides.emplace_back("max_idle", value);
        break;
    case 'm':
        options.max_use = value;
        options.overrides.emplace_back("max_use", value);
        break;
    case 'n':
        options.service_name = value;
        break;
    case 'o':
        options.overrides.push_back(split_name_value(value, "-o option"));
        break;
    case 'r':
        options.retire_after = std::chrono::seconds(positive_number(value, "retirement time"));
        break;
    case 's':
        options.socket_count = positive_number(value, "socket count");
        break;
    case 't':
        options.transport = value;
        break;
    }
}

} // namespace

std::pair<std::string, std::string> split_name_value(std::string_view text, std::string_view what) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos)
        throw startup_error(fmt::format("{}: no '=' in \"{}\"", what, text));
    const auto name = trim(text.substr(0, equals));
    if (name.empty())
        throw startup_error(fmt::format("{}: no parameter name in \"{}\"", what, text));
    if (std::any_of(name.begin(), name.end(), is_space))
        throw startup_error(fmt::format("{}: blank in the parameter name in \"{}\"", what, text));
    return {std::string(name), std::string(trim(text.substr(equals + 1)))};
}

// getopt(3) is not used: its state is global, and C libraries differ in whether it reorders
// arguments.
service_options parse_service_options(int argc, const char* const* argv, std::string_view own) {
    service_options options;
    options.process_name = process_basename(argc > 0 ? argv[0] : "unknown");
    options.service_name = options.process_name;
    options.verbosity = std::getenv("MAIL_VERBOSE") != nullptr ? 1 : 0;
    options.debug = std::getenv("MAIL_DEBUG") != nullptr;

    int index = 1;
    while (index < argc) {
        std::string_view word = argv[index];
        if (word.size() < 2 || word.front() != '-')
            break;
        ++index;
        if (word == "--")
            break;
        word.remove_prefix(1);
        while (!word.empty()) {
            const char letter = word.front();
            word.remove_prefix(1);
            if (options_without_argument.find(letter) != std::string_view::npos) {
                set_flag(options, letter);
                continue;
            }
            const bool is_common = options_with_argument.find(letter) != std::string_view::npos;
            if (!is_common && own.find(letter) == std::string_view::npos)
                throw startup_error(fmt::format("invalid option: {}", letter));
            if (word.empty() && index == argc)
                throw startup_error(fmt::format("option -{} needs an argument", letter));
            const auto value = word.empty() ? argv[index++] : word;
            if (is_common)
                set_value(options, letter, value);
            else
                options.own.emplace_back(letter, value);
            break;
        }
    }
    if (index < argc)
        throw startup_error(fmt::format("unexpected command-line argument: {}", argv[index]));
    return options;
}

unsigned parse_generation() {
    const char* const value = std::getenv("GENERATION");
    if (value == nullptr)
        return 0;
    const std::string_view text = value;
    unsigned generation = 0;
    const auto error = std::from_chars(text.data(), text.data() + text.size(), generation, 8).ec;
    // As in Postfix, decimal digits are allowed, and the number ends before them.
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos ||
        error == std::errc::result_out_of_range)
        throw startup_error(fmt::format("environment GENERATION is not an octal number: {}", text));
    return generation;
}

} // namespace postfix_proto
