#include "flushd/tool/postfix/table_lookup.hpp"

#include <sys/wait.h>

#include <string_view>

namespace flushd::tool {

std::string find_lookup_problem(const instance& where, const std::string& key,
                                const std::string& table) {
    const auto done = where.run("postmap", {"-q", key, table});
    if (WIFEXITED(done.wait_status) && WEXITSTATUS(done.wait_status) == 0)
        return {};
    // "Not found" has the same exit status as an error, but no message. That a type is deprecated
    // is a message, but no error (Postfix 3.11).
    const std::string_view text = done.errors;
    for (const std::string_view word : {"fatal: ", "error: ", "warning: "})
        for (auto at = text.find(word); at != std::string_view::npos;
             at = text.find(word, at + 1)) {
            const auto line = text.substr(at, text.find('\n', at) - at);
            if (line.find("deprecated") == std::string_view::npos)
                return std::string(line);
        }
    return {};
}

} // namespace flushd::tool
