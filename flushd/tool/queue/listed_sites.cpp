#include "flushd/tool/queue/listed_sites.hpp"

#include "flushd/core/directory_walk.hpp"
#include "flushd/core/line_set.hpp"
#include "flushd/core/selection.hpp"
#include "flushd/core/snapshot_mark.hpp"
#include "flushd/tool/postfix/foreign_file.hpp"
#include "flushd/tool/screen/tool_error.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_io.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace flushd::tool {

using postfix_proto::errno_text;

namespace {

// The limit for all logfiles together: the IDs of more than ten million messages.
constexpr std::size_t most_bytes = std::size_t{256} << 20U;

[[noreturn]] void refuse(const std::string& relative_path, int error) {
    std::error_code ignored;
    const auto path = (std::filesystem::current_path(ignored) / relative_path).string();
    if (error == EACCES || error == EPERM)
        throw tool_error(
            fmt::format("cannot read {}: {}: run this as root", path, errno_text(error)),
            EX_NOPERM);
    if (error == ENOENT)
        throw tool_error(fmt::format("there is no {}: Postfix creates it when it starts", path));
    throw tool_error(fmt::format("cannot read {}: {}", path, errno_text(error)), EX_IOERR);
}

/// Returns nothing if the file no longer exists, or is not a logfile. Subtracts its size from
/// `room`.
std::optional<listed_site> read_logfile(const std::string& path, logfile_name name,
                                        std::size_t& room) {
    const auto file = open_foreign_file(foreign_path::in_queue(path));
    if (!file)
        return std::nullopt;
    const auto times = logfile_times::of(file.get()); // before the file is read
    const auto content = postfix_proto::read_to_end(file.get(), room);
    if (!content && content.error() == std::errc::file_too_large)
        fmt::print(stderr, "flushd: {} is left out: with it, the logfiles would exceed {} MiB\n",
                   path, most_bytes >> 20U);
    if (!content)
        return std::nullopt;
    room -= content->size();
    listed_site result(std::move(name));
    result.times = times;
    line_set seen(*content);
    for (std::string_view rest = *content; !rest.empty();) {
        const auto line = take_line(rest);
        if (is_mark(line))
            continue;
        auto id = postfix_proto::queue_id::parse(line);
        if (!id)
            ++result.bad;
        else if (seen.insert(line))
            result.ids.push_back(*std::move(id));
        else
            ++result.duplicates;
    }
    result.times.lists_nothing = result.ids.empty() && result.bad == 0;
    return result;
}

} // namespace

std::optional<listed_site> read_listed_site(const std::string& path, logfile_name name) {
    auto room = most_bytes;
    return read_logfile(path, std::move(name), room);
}

std::vector<listed_site> read_listed_sites(const postfix_proto::queue_layout& layout,
                                           const std::optional<std::set<logfile_name>>& wanted) {
    const std::string top(postfix_proto::queue_name::flush);
    std::vector<listed_site> result;
    auto room = most_bytes;
    const auto read = [&](const std::string& path, const logfile_name& file) {
        if (auto site = read_logfile(path, file, room))
            result.push_back(*std::move(site));
    };
    if (wanted && wanted->size() < 100) {
        // Do not read the directory, which may have a hundred thousand other logfiles.
        if (::access(top.c_str(), R_OK | X_OK) < 0)
            refuse(top, errno);
        for (const auto& file : *wanted)
            read(layout.path(top, file.name()), file);
    } else {
        const auto failure =
            walk_foreign_directory(top, [&](const std::string& path, const struct stat& status) {
                const auto name = path.substr(path.rfind('/') + 1);
                const auto file = logfile_name::from_name(name);
                const bool is_wanted =
                    file && (wanted ? wanted->contains(*file) : !is_selection(*file));
                if (is_wanted && S_ISREG(status.st_mode))
                    read(top + '/' + path, *file);
                return may_be_hash_directory(name);
            });
        if (failure)
            refuse(top, failure.value());
    }
    std::sort(result.begin(), result.end(),
              [](const auto& a, const auto& b) { return a.file < b.file; });
    return result;
}

} // namespace flushd::tool
