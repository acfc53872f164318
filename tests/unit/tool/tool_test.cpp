#include "catch.hpp"

#include "flushd/tool/tool.hpp"

#include <initializer_list>
#include <vector>

using flushd::tool::is_for_tool;

namespace {

bool is_for_tool_with(std::initializer_list<const char*> words) {
    std::vector<const char*> argv{"flushd"};
    argv.insert(argv.end(), words);
    argv.push_back(nullptr);
    return is_for_tool(static_cast<int>(argv.size()) - 1, argv.data());
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
    CHECK(is_for_tool_with({"-h"}));
    CHECK(is_for_tool_with({"--version"}));
    CHECK(is_for_tool_with({"-c", "/etc/postfix-two", "check"}));
    CHECK(is_for_tool_with({"-c", "postfix-two", "check"}));
    CHECK(is_for_tool_with({"-c", "/etc/postfix-two"}));
    CHECK(is_for_tool_with({"-c/etc/postfix-two", "check"}));
}
