#include "flushd/tool/postfix/table_lookup.hpp"

#include "postfix_proto/brace_syntax.hpp"

#include <sys/wait.h>

#include <algorithm>

namespace flushd::tool {

using namespace postfix_proto;

std::string find_lookup_problem(const instance& where, const std::string& key,
                                const std::string& table) {
    const auto done = where.run("postmap", {"-q", key, table});
    if (WIFEXITED(done.wait_status) && WEXITSTATUS(done.wait_status) == 0)
        return {};
    // "Not found" has the same exit status as an error, but no message.
    return problem_in(done.errors);
}

namespace {

constexpr std::string_view severities[] = {"fatal: ", "error: ", "warning: "};

/// From the severity on; empty for a line without one, and for what is no problem.
std::string_view problem_of(std::string_view line) {
    // The second one follows the first one in a line of its own.
    for (const std::string_view advice : {"support is deprecated", "NON_BERKELEYDB_README"})
        if (line.find(advice) != std::string_view::npos)
            return {};
    auto begin = line.size();
    for (const auto severity : severities)
        begin = std::min(begin, line.find(severity));
    return line.substr(begin);
}

} // namespace

std::string problem_in(std::string_view messages) {
    for (const auto severity : severities)
        for (auto rest = messages; !rest.empty();)
            if (const auto problem = problem_of(take_line(rest)); problem.starts_with(severity))
                return std::string(problem);
    return {};
}

} // namespace flushd::tool
