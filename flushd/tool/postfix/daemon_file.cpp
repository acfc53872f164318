#include "flushd/tool/postfix/daemon_file.hpp"

#include "flushd/core/replace_file.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

namespace flushd::tool {

namespace fs = std::filesystem;
using namespace postfix_proto;

namespace {

constexpr std::size_t largest_program = std::size_t{1} << 30U;

bool have_same_content(const std::string& one, const std::string& other) {
    std::error_code error;
    if (fs::file_size(one, error) != fs::file_size(other, error) || error)
        return false;
    const auto first = read_whole_file(one, largest_program);
    const auto second = read_whole_file(other, largest_program);
    return first && second && *first == *second;
}

} // namespace

daemon_file::daemon_file(const instance& where)
    : path_(fmt::format("{}/{}", where.parameters().get("daemon_directory"), our_program)) {
    std::error_code error;
    own_path_ = fs::read_symlink("/proc/self/exe", error).string();
    if (error)
        throw tool_error(fmt::format("cannot find the path of this program: {}", error.message()),
                         EX_OSERR);
}

daemon_file::state daemon_file::find_state() const {
    std::error_code error;
    if (!fs::exists(path_, error))
        return state::missing;
    if (fs::equivalent(path_, own_path_, error))
        return state::same;
    return have_same_content(path_, own_path_) ? state::copy : state::other;
}

void daemon_file::put() const {
    const auto program = read_whole_file(own_path_, largest_program);
    if (!program)
        throw tool_error(
            fmt::format("cannot copy {} to {}: {}", own_path_, path_, program.error().message()),
            EX_CANTCREAT);
    if (const auto put = replace_file(path_, *program, {.mode = 0755, .owner = 0, .group = 0});
        !put)
        throw tool_error(fmt::format("cannot copy {} to {}: {}", own_path_, path_, put.error()),
                         EX_CANTCREAT);
}

void daemon_file::remove() const {
    std::error_code error;
    if (!fs::remove(path_, error) || error)
        throw tool_error(fmt::format("cannot remove {}: {}", path_, error.message()));
}

void daemon_file::check_runs() const {
    constexpr std::chrono::seconds limit{20};
    constexpr std::size_t much = 65536;
    std::string why;
    try {
        const auto done =
            run_program({path_, "--version"}, std::chrono::steady_clock::now() + limit, much);
        if (WIFEXITED(done.wait_status) && WEXITSTATUS(done.wait_status) == 0 &&
            done.output.starts_with(our_program))
            return;
        why = done.errors.substr(0, done.errors.find('\n'));
        if (why.empty())
            why = fmt::format("\"{} --version\" does not print flushd's version", path_);
    } catch (const startup_error& error) {
        why = error.what();
    }
    throw tool_error(fmt::format("{} does not run here: {}", path_, why));
}

} // namespace flushd::tool
