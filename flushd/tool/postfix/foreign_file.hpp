/// Opens what lies in directories of somebody else.
///
/// The tool is root's. $queue_directory is root's, too, but what is in flush, deferred and the
/// other directories there, and in data_directory, belongs to mail_owner, and whoever has got hold
/// of one of Postfix's daemons may have put there what he likes: a link to a file of root's, a FIFO
/// in which nobody writes, a file without an end. So all of the tool reads there by these only.
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

/// Where something is: `directory` is an entry of a directory of root's, so that it may be a link;
/// of `name`, below it, no part may be one, or `..`.
struct foreign_path {
    std::string directory;
    std::string name;

    /// Of a path relative to $queue_directory: its first component is the directory.
    [[nodiscard]] static foreign_path in_queue(std::string_view path);
};

/// A regular file, for reading, without waiting, and leaving its access time alone where that is
/// allowed (to its owner and to root). None with errno otherwise: ELOOP or ENOTDIR where there is a
/// link, EINVAL where it is not a regular file.
[[nodiscard]] postfix_proto::file_descriptor open_foreign_file(const foreign_path& path);

/// The same for a directory; an empty name is path.directory.
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
