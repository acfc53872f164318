#include "catch.hpp"

#include "flushd/tool/suggestion.hpp"
#include "flushd/tool/tool.hpp"

#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdio>
#include <initializer_list>
#include <string>
#include <vector>

using flushd::tool::is_for_tool;
using flushd::tool::near_word;

namespace {

bool is_for_tool_with(std::initializer_list<const char*> words) {
    std::vector<const char*> argv{"flushd"};
    argv.insert(argv.end(), words);
    argv.push_back(nullptr);
    return is_for_tool(static_cast<int>(argv.size()) - 1, argv.data());
}

struct tool_result {
    int status;
    std::string text; ///< of standard output and error
};

/// Puts another file in a descriptor's place while it lives.
class replaced_descriptor {
public:
    replaced_descriptor(int descriptor, int by)
        : descriptor_(descriptor), saved_(::dup(descriptor)) {
        ::dup2(by, descriptor);
    }
    ~replaced_descriptor() {
        ::dup2(saved_, descriptor_);
        ::close(saved_);
    }
    replaced_descriptor(const replaced_descriptor&) = delete;
    replaced_descriptor& operator=(const replaced_descriptor&) = delete;

private:
    int descriptor_;
    int saved_;
};

/// What the tool prints when standard input is no terminal.
tool_result run_tool_with(std::initializer_list<const char*> words) {
    std::vector<const char*> argv{"flushd"};
    argv.insert(argv.end(), words);
    argv.push_back(nullptr);
    std::FILE* const output = std::tmpfile();
    REQUIRE(output != nullptr);
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    tool_result result{};
    std::fflush(nullptr);
    {
        const replaced_descriptor in(0, null), out(1, ::fileno(output)), err(2, ::fileno(output));
        result.status = flushd::tool::run_tool(static_cast<int>(argv.size()) - 1, argv.data());
        std::fflush(nullptr);
    }
    ::close(null);
    std::rewind(output);
    for (int c = std::getc(output); c != EOF; c = std::getc(output))
        result.text += static_cast<char>(c);
    std::fclose(output);
    return result;
}

void check_usage_error(std::initializer_list<const char*> words, const std::string& text) {
    const auto result = run_tool_with(words);
    CHECK(result.status == EX_USAGE);
    CHECK(result.text == "flushd: " + text + "\n");
}

} // namespace

TEST_CASE("is_for_tool leaves what master gives to the service") {
    // As seen with Postfix 3.5 to 3.10: process limits of 0, 1 and 5, other service names, with
    // and without chroot and privileges, -v and -o of master.cf, an inet service.
    CHECK_FALSE(is_for_tool_with({"-z", "-n", "flush", "-t", "unix", "-u", "-c"}));
    CHECK_FALSE(is_for_tool_with({"-l", "-n", "flush", "-t", "unix", "-u"}));
    CHECK_FALSE(is_for_tool_with({"-n", "flush", "-t", "unix"}));
    CHECK_FALSE(is_for_tool_with({"-n", "check", "-t", "unix", "-u", "-c"}));
    CHECK_FALSE(is_for_tool_with({"-t", "unix", "-u", "-c", "-v"}));
    CHECK_FALSE(is_for_tool_with({"-t", "inet", "-s", "2"}));
    CHECK_FALSE(is_for_tool_with({"-z", "-t", "unix", "-u", "-o", "max_idle=5s"}));
    CHECK_FALSE(is_for_tool_with({"-z", "-t", "unix", "-c", "check"}));
    CHECK_FALSE(is_for_tool_with({"-z", "-t", "unix", "status"}));
    CHECK_FALSE(is_for_tool_with({"-d", "-t", "unix"}));
    // Not from master, but in its manner: in any order, clustered, by hand.
    CHECK_FALSE(is_for_tool_with({"-c"}));
    CHECK_FALSE(is_for_tool_with({"-c", "-u", "-t", "unix"}));
    CHECK_FALSE(is_for_tool_with({"-cu", "-t", "unix"}));
    CHECK_FALSE(is_for_tool_with({"-S"}));
    CHECK_FALSE(is_for_tool_with({"-v"}));
    CHECK_FALSE(is_for_tool_with({"-V"}));
    CHECK_FALSE(is_for_tool_with({"-o", "max_idle=5s", "-S"}));
    CHECK_FALSE(is_for_tool_with({"-x"}));
    CHECK_FALSE(is_for_tool_with({"-"}));
}

TEST_CASE("is_for_tool knows what an operator says") {
    CHECK(is_for_tool_with({"check"}));
    CHECK(is_for_tool_with({"install", "--dry-run"}));
    CHECK(is_for_tool_with({"nonsense"}));
    CHECK(is_for_tool_with({""}));
    CHECK(is_for_tool_with({"--help"}));
    CHECK(is_for_tool_with({"--help-all"}));
    CHECK(is_for_tool_with({"--versio"}));
    CHECK(is_for_tool_with({"--"}));
    CHECK(is_for_tool_with({})); // master(8) always gives -t
    CHECK(is_for_tool_with({"-h"}));
    CHECK(is_for_tool_with({"--version"}));
    CHECK(is_for_tool_with({"-c", "/etc/postfix-two", "check"}));
    CHECK(is_for_tool_with({"-c", "postfix-two", "check"}));
    CHECK(is_for_tool_with({"-c", "/etc/postfix-two"}));
    CHECK(is_for_tool_with({"-c/etc/postfix-two", "check"}));
}

TEST_CASE("near_word finds what was meant, and nothing that is far") {
    const std::vector<std::string> known{"status", "send", "check", "install", "uninstall"};
    CHECK(near_word("statsu", known) == "status");
    CHECK(near_word("chekc", known) == "check");
    CHECK(near_word("stat", known) == "status");
    CHECK(near_word("s", known).empty()); // status or send
    CHECK(near_word("frobnicate", known).empty());
    CHECK(near_word("", known).empty());
    CHECK(flushd::tool::edit_distance("", "send") == 4);
    CHECK(flushd::tool::edit_distance("sned", "send") == 1);
}

TEST_CASE("a mistyped command line ends in a sentence that helps") {
    check_usage_error({}, "a command is required; `flushd --help` lists all");
    check_usage_error({"statsu"},
                      "unknown command statsu; did you mean status? `flushd --help` lists all");
    check_usage_error({"help", "statsu"},
                      "unknown command statsu; did you mean status? `flushd --help` lists all");
    check_usage_error({"frobnicate"}, "unknown command frobnicate; `flushd --help` lists all");
    check_usage_error({"--versio"},
                      "unknown option --versio; did you mean --version? `flushd --help` lists all");
    check_usage_error(
        {"status", "--sotr=size"},
        "unknown option --sotr; did you mean --sort? `flushd status --help` lists all");
    check_usage_error({"status", "--top", "x"},
                      "--top: not a whole number: x; see `flushd status --help`");
    check_usage_error({"status", "-s", "x"},
                      "--sort: not one of site, messages, deferred, oldest, next, returned, active, held, "
                      "listed, size, sent, reason: x; see "
                      "`flushd status --help`");
    check_usage_error({"send", "--timeout", "x"},
                      "--timeout: not a length of time such as 90s, 30m, 2h or 3d: x; see "
                      "`flushd send --help`");
}

TEST_CASE("help is the same in each way to ask, and fits a terminal") {
    CHECK(run_tool_with({"help"}).text == run_tool_with({"--help"}).text);
    for (const char* command :
         {"install", "uninstall", "check", "status", "send", "log", "rebuild", "metrics", "help"}) {
        const auto help = run_tool_with({"help", command});
        CHECK(help.status == 0);
        CHECK(help.text == run_tool_with({command, "--help"}).text);
        CHECK(help.text.starts_with(std::string("Usage: flushd [-c DIR] ") + command));
        for (const char* noise : {"TEXT", "INT", "REQUIRED", "NONNEGATIVE"})
            CHECK(help.text.find(noise) == std::string::npos);
        for (std::size_t begin = 0, end = 0; begin < help.text.size(); begin = end + 1) {
            end = help.text.find('\n', begin);
            CHECK(end - begin <= 80);
        }
    }
}
