#include "flushd/tool/postfix/foreign_file.hpp"

#include "flushd/core/directory_walk.hpp"

#include "postfix_proto/file_io.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace flushd::tool {

using namespace postfix_proto;

namespace {

// O_NONBLOCK: there may be a FIFO.
constexpr int reading = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;

// More levels than any queue has: Postfix uses at most one for each character of a queue ID.
constexpr unsigned deepest = 20;

/// Opens one component after the other, because O_NOFOLLOW applies only to the last one.
/// (openat2(2) would need one call, but requires Linux 5.6.)
file_descriptor open_below(const foreign_path& path, int flags) {
    file_descriptor at(::open(path.directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    std::string_view rest = path.name;
    while (at) {
        const auto slash = rest.find('/');
        const std::string component(rest.substr(0, slash));
        if (component.empty() || component == "..") {
            errno = EINVAL;
            return {};
        }
        if (slash == std::string_view::npos)
            return open_without_trace(at.get(), component.c_str(), flags);
        rest.remove_prefix(slash + 1);
        at.reset(
            ::openat(at.get(), component.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    return {};
}

} // namespace

foreign_path foreign_path::in_queue(std::string_view path) {
    const auto slash = path.find('/');
    return {std::string(path.substr(0, slash)),
            slash == std::string_view::npos ? std::string() : std::string(path.substr(slash + 1))};
}

file_descriptor open_foreign_file(const foreign_path& path) {
    auto file = open_below(path, reading);
    struct stat status {};
    if (file && (::fstat(file.get(), &status) < 0 || !S_ISREG(status.st_mode))) {
        file.reset();
        errno = EINVAL;
    }
    return file;
}

file_descriptor open_foreign_directory(const foreign_path& path) {
    if (path.name.empty())
        return file_descriptor(::open(path.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return open_below(path, reading | O_DIRECTORY);
}

result<std::string> read_foreign_file(const foreign_path& path, std::size_t limit) {
    const auto file = open_foreign_file(path);
    if (!file)
        return unexpected(last_error());
    return read_to_end(file.get(), limit);
}

std::error_code walk_foreign_directory(
    const std::string& directory,
    const std::function<bool(const std::string& name, const struct stat& status)>& visit) {
    directory_walk walk;
    const auto enter = [&](const std::string& name) {
        auto opened = open_foreign_directory({directory, name});
        return opened ? walk.enter(name, std::move(opened)) : last_error();
    };
    if (const auto failure = enter({}))
        return failure;
    while (!walk.is_done()) {
        const auto next = walk.next();
        if (!next || !*next)
            continue;
        const auto& [path, name, parent] = **next;
        struct stat status {};
        if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0)
            continue; // removed meanwhile
        if (visit(path, status) && S_ISDIR(status.st_mode) && walk.depth() <= deepest)
            static_cast<void>(enter(path));
    }
    return {};
}

} // namespace flushd::tool
