/// Safely opens files in directories that another user controls.
///
/// The tool runs as root. $queue_directory belongs to root, too, but its sub-directories, such as
/// flush and deferred, and data_directory belong to mail_owner. An attacker who controls a Postfix
/// daemon can put anything there: a link to a file of root's, a FIFO without a writer, a file
/// without an end. The whole tool therefore reads those directories only through these functions.
#pragma once

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/result.hpp"

#include <sys/stat.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

namespace flushd::tool {

/// A path in two parts. `directory` is in a directory that belongs to root, so it may be a link.
/// In `name`, which is relative to it, no component may be a link or `..`.
struct foreign_path {
    std::string directory;
    std::string name;

    /// Splits a path relative to $queue_directory: its first component is the directory.
    [[nodiscard]] static foreign_path in_queue(std::string_view path);
};

/// Opens a regular file for reading, without waiting, and without changing its access time if that
/// is permitted (to its owner and to root). On failure returns none and sets errno: ELOOP or
/// ENOTDIR for a link, EINVAL for a file that is not regular.
[[nodiscard]] postfix_proto::file_descriptor open_foreign_file(const foreign_path& path);

/// The same for a directory. An empty name means path.directory itself.
[[nodiscard]] postfix_proto::file_descriptor open_foreign_directory(const foreign_path& path);

/// What a file says. errc::file_too_large if there is more than `limit` bytes.
[[nodiscard]] postfix_proto::result<std::string> read_foreign_file(const foreign_path& path,
                                                                   std::size_t limit);

/// Calls `visit` for each entry below the directory with its name from there on and its status,
/// without following links; where that is a directory, the result says whether to descend. Returns
/// the error of the directory itself; those below that cannot be read are passed over. No deeper
/// than any hash_queue_depth.
[[nodiscard]] std::error_code walk_foreign_directory(
    const std::string& directory,
    const std::function<bool(const std::string& name, const struct stat& status)>& visit);

} // namespace flushd::tool
