/// Replaces a file so that its readers find the old one or the new one.
#pragma once

#include "postfix_proto/result.hpp"

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>

namespace flushd {

/// What a new file is given, whatever the umask.
struct file_access {
    mode_t mode = 0644;
    uid_t owner = static_cast<uid_t>(-1); ///< the process's own
    gid_t group = static_cast<gid_t>(-1); ///< likewise
    std::chrono::seconds age{0};          ///< how long ago it seems to have been modified
};

/// Writes a file beside `path`, whose name begins with the same one, and renames it when all of it
/// is on disk. The error is a sentence for a person; then nothing has changed and nothing is left
/// behind.
[[nodiscard]] postfix_proto::result<void, std::string>
replace_file(const std::string& path, std::string_view text, const file_access& access);

} // namespace flushd
