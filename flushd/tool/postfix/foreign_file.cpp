#include "flushd/tool/postfix/foreign_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

namespace flushd::tool {

using postfix_proto::file_descriptor;

namespace {

// O_NONBLOCK: there may be a FIFO.
constexpr int reading = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;

// Postfix has a level for each of an ID's characters at most, and few have more than two.
constexpr unsigned deepest = 20;

struct close_directory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

int open_without_trace(int directory, const char* name, int flags) {
    const int fd = ::openat(directory, name, flags | O_NOATIME);
    return fd < 0 && errno == EPERM ? ::openat(directory, name, flags) : fd;
}

/// Steps down one component after the other, since O_NOFOLLOW is about the last one only.
/// (openat2(2) would do it in one call, and is not there before Linux 5.6.)
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
            return file_descriptor(open_without_trace(at.get(), component.c_str(), flags));
        rest.remove_prefix(slash + 1);
        at.reset(
            ::openat(at.get(), component.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    return {};
}

int walk(const foreign_path& where, unsigned depth,
         const std::function<bool(const std::string&, const struct stat&)>& visit) {
    auto descriptor = open_foreign_directory(where);
    if (!descriptor)
        return errno;
    const std::unique_ptr<DIR, close_directory> entries(::fdopendir(descriptor.get()));
    if (!entries)
        return errno;
    static_cast<void>(descriptor.release());
    while (const dirent* const entry = ::readdir(entries.get())) {
        const std::string_view name = entry->d_name;
        struct stat status {};
        if (name == "." || name == ".." ||
            ::fstatat(::dirfd(entries.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            continue; // gone meanwhile
        auto below = where.name.empty() ? std::string(name) : where.name + "/";
        if (!where.name.empty())
            below += name;
        if (visit(below, status) && S_ISDIR(status.st_mode) && depth < deepest)
            static_cast<void>(walk({where.directory, std::move(below)}, depth + 1, visit));
    }
    return 0;
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

foreign_text read_foreign_file(int descriptor, std::size_t limit) {
    foreign_text result;
    struct stat status {};
    if (::fstat(descriptor, &status) < 0)
        return {{}, errno};
    // A byte more, to see the end.
    const auto size = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
    if (size > limit)
        return {{}, EFBIG};
    result.text.resize(size + 1);
    std::size_t used = 0;
    for (;;) {
        const auto count = ::pread(descriptor, result.text.data() + used, result.text.size() - used,
                                   static_cast<off_t>(used));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return {{}, errno};
        if (count == 0)
            break;
        used += static_cast<std::size_t>(count);
        if (used > limit)
            return {{}, EFBIG};
        if (used == result.text.size()) // it grows
            result.text.resize(std::min(used + used / 2 + 1, limit + 1));
    }
    result.text.resize(used);
    return result;
}

foreign_text read_foreign_file(const foreign_path& path, std::size_t limit) {
    const auto file = open_foreign_file(path);
    if (!file)
        return {{}, errno};
    return read_foreign_file(file.get(), limit);
}

int walk_foreign_directory(
    const std::string& directory,
    const std::function<bool(const std::string& name, const struct stat& status)>& visit) {
    return walk({directory, {}}, 0, visit);
}

} // namespace flushd::tool
