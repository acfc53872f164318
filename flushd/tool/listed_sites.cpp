#include "flushd/tool/listed_sites.hpp"

#include "flushd/line_set.hpp"
#include "flushd/snapshot_mark.hpp"
#include "flushd/tool/tool_error.hpp"

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/queue_id.hpp"

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace flushd::tool {

using postfix_proto::errno_text;
using postfix_proto::file_descriptor;

namespace {

struct close_directory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

[[noreturn]] void refuse(const std::string& relative_path, int error) {
    std::error_code ignored;
    const auto path = (std::filesystem::current_path(ignored) / relative_path).string();
    if (error == EACCES || error == EPERM)
        throw tool_error(
            fmt::format("cannot read {}: {}: run this as root", path, errno_text(error)),
            EX_NOPERM);
    if (error == ENOENT)
        throw tool_error(fmt::format("there is no {}: `postfix start` makes it", path));
    throw tool_error(fmt::format("cannot read {}: {}", path, errno_text(error)), EX_IOERR);
}

file_descriptor open_logfile(const std::string& path) {
    // O_NONBLOCK: somebody may have put a FIFO there.
    constexpr int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = ::open(path.c_str(), flags | O_NOATIME);
    if (fd < 0 && errno == EPERM)
        fd = ::open(path.c_str(), flags);
    return file_descriptor(fd);
}

std::string read_all(int fd, std::size_t expected) {
    std::string text(expected + 1, '\0');
    std::size_t size = 0;
    for (;;) {
        const auto count =
            ::pread(fd, text.data() + size, text.size() - size, static_cast<off_t>(size));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        size += static_cast<std::size_t>(count);
        if (size == text.size())
            text.resize(size + size / 2);
    }
    text.resize(size);
    return text;
}

void read_directory(const std::string& path, const std::optional<std::set<site_file>>& wanted,
                    bool is_top, std::vector<listed_site>& result) {
    const std::unique_ptr<DIR, close_directory> entries(::opendir(path.c_str()));
    if (!entries) {
        if (is_top || errno != ENOENT)
            refuse(path, errno);
        return;
    }
    while (const dirent* entry = ::readdir(entries.get())) {
        const std::string_view name = entry->d_name;
        const auto file = site_file::from_name(name);
        if (!file)
            continue;
        const std::string below = fmt::format("{}/{}", path, name);
        // Only sub-directories of a hashed queue have names of one byte; but a site may, too.
        struct stat status {};
        if (name.size() == 1 && ::stat(below.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
            read_directory(below, wanted, false, result);
            continue;
        }
        if (wanted && !wanted->contains(*file))
            continue;
        if (auto site = read_listed_site(below, *file))
            result.push_back(*std::move(site));
    }
}

} // namespace

std::optional<listed_site> read_listed_site(const std::string& path, site_file name) {
    const auto file = open_logfile(path);
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) < 0 || !S_ISREG(status.st_mode))
        return std::nullopt; // it has gone, or is none
    listed_site result(std::move(name));
    result.times = logfile_times::of(file.get());
    result.lines = std::make_unique<const std::string>(
        read_all(file.get(), static_cast<std::size_t>(status.st_size)));
    line_set seen(*result.lines);
    for (std::string_view rest = *result.lines; !rest.empty();) {
        const auto line = take_line(rest);
        if (is_mark(line))
            continue;
        if (!postfix_proto::is_queue_file_name(line))
            ++result.bad;
        else if (seen.insert(line))
            result.ids.push_back(line);
        else
            ++result.duplicates;
    }
    result.times.lists_nothing = result.ids.empty() && result.bad == 0;
    return result;
}

std::vector<listed_site> read_listed_sites(const postfix_proto::queue_layout& layout,
                                           const std::optional<std::set<site_file>>& wanted) {
    const std::string top(postfix_proto::queue_name::flush);
    std::vector<listed_site> result;
    if (wanted && wanted->size() < 100) {
        // Not through all the others, of which there may be a hundred thousand.
        if (::access(top.c_str(), R_OK | X_OK) < 0)
            refuse(top, errno);
        for (const auto& file : *wanted)
            if (auto site = read_listed_site(layout.path(top, file.name()), file))
                result.push_back(*std::move(site));
    } else {
        read_directory(top, wanted, true, result);
    }
    std::sort(result.begin(), result.end(),
              [](const auto& a, const auto& b) { return a.file < b.file; });
    return result;
}

} // namespace flushd::tool
