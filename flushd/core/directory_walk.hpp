/// Goes through a directory and those of its sub-directories that the caller enters.
#pragma once

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/result.hpp"

#include <dirent.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace flushd {

/// Any number of entries at a time, so that it can be one slice of work after another.
class directory_walk {
public:
    /// An entry other than `.` and `..`.
    struct entry {
        std::string path; ///< below the path that the directory was entered with
        std::string name;
        int directory; ///< a descriptor, valid until next()
    };

    /// The entries of this directory come next. `path` is what their paths begin with, and a slash;
    /// nothing if it is empty.
    [[nodiscard]] std::error_code enter(std::string path, postfix_proto::file_descriptor opened);
    /// The same for the directory of that path. Links are followed.
    [[nodiscard]] std::error_code enter(const std::string& path);

    /// The next entry of the directory that was entered last. Nothing at its end, and an error when
    /// it cannot be read further; either way it is left, for the one around it.
    [[nodiscard]] postfix_proto::result<std::optional<entry>> next();

    /// Whether the first directory has been left. Until then there is a path().
    [[nodiscard]] bool is_done() const noexcept { return open_.empty(); }
    /// Of the directory that was entered last.
    [[nodiscard]] const std::string& path() const { return open_.back().path; }
    /// How many directories are open.
    [[nodiscard]] std::size_t depth() const noexcept { return open_.size(); }

private:
    struct closer {
        void operator()(DIR* directory) const { ::closedir(directory); }
    };
    struct directory {
        std::string path;
        std::unique_ptr<DIR, closer> entries;
    };
    std::vector<directory> open_; // the innermost last
};

/// Whether an entry of that name in a hashed queue may be one of its sub-directories, which have
/// names of one byte. A site may be called so, too.
[[nodiscard]] inline bool may_be_hash_directory(const std::string& name) {
    return name.size() == 1;
}

} // namespace flushd
