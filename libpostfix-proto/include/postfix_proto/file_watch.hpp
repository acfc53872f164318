/// Detects changes to configuration files and lookup tables, even from within a chroot jail and
/// without the privilege to reopen them.
#pragma once

#include "postfix_proto/file_descriptor.hpp"

#include <sys/stat.h>

#include <ctime>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postfix_proto {

/// Watches a fixed set of files. Construct it before enter_jail(). From then on it holds everything
/// that it needs open, and none of it allows an escape from the jail: descriptors (O_PATH) of files
/// and symbolic links, and inotify's, but none of a directory. Which files to watch may only be
/// known after some of them were read: `read_since` closes the gap.
///
/// A change is: an edit in place, a file renamed over or away, deletion, creation of a file that
/// was absent, a symbolic link that points elsewhere, new mode or owner (all that sets the ctime).
/// Reading is none, and neither is another file in the same directory.
///
/// Limits: a file in a directory that does not exist is not watched. After chroot, names cannot be
/// looked at any more: the creation of a file is noticed by inotify only, and so is what replaces
/// or removes a file without a trace in its own status (ctime, link count), which hardly any file
/// system lets happen; a symbolic link among the directories of a path is followed once, when the
/// watch is made. The same goes for directories that the process may not search. An edit that keeps
/// the size within one tick of the file system's clock (up to 10 ms) of the watch being made is
/// noticed by inotify only; inotify in turn sees nothing of network file systems and mmap(2).
class file_watch {
public:
    /// Relative paths are taken from the working directory of this moment. Never fails: what cannot
    /// be opened for want of resources is not watched.
    ///
    /// A file whose status has changed since `read_since` (of CLOCK_REALTIME_COARSE, which file
    /// systems go by) counts as changed at once: it may have been read before that. A change that
    /// is later than now says nothing: the clock has been set back, or is not the file server's,
    /// and the file would count as changed again and again. `now` is what the clock says; for
    /// tests.
    explicit file_watch(const std::vector<std::string>& paths,
                        std::optional<timespec> read_since = std::nullopt,
                        std::optional<timespec> now = std::nullopt);

    /// The first path given whose file differs from what it was when the watch was made. A few
    /// system calls for each file; opens nothing. Once changed, a file stays so: make a new watch,
    /// or a new process, to read it again.
    [[nodiscard]] std::optional<std::string_view> changed_path() const;
    /// Whether there is such a file.
    [[nodiscard]] bool changed() const { return changed_path().has_value(); }

    /// Readable when something may have happened in one of the directories; -1 where there is no
    /// inotify, so that changed() has to be called from time to time. Belongs to this object.
    [[nodiscard]] int inotify_descriptor() const noexcept { return inotify_.get(); }

    /// Reads the pending events of inotify, without waiting. True when one of them names one of the
    /// files, or events were lost: then something has changed, although changed() may not detect it
    /// (see above). An edit in place is reported at its first write, possibly before its last.
    [[nodiscard]] bool drain_inotify();

    /// Stops watching and closes all descriptors.
    void close() noexcept {
        files_.clear();
        inotify_.reset();
    }

private:
    /// A name in a directory: a file, or a link on the way to it.
    struct entry {
        std::string path;                  ///< an absolute one
        std::optional<struct stat> status; ///< of the name itself; none when absent
        file_descriptor file;              ///< the same, and none of a directory
    };
    struct watched_file {
        std::string path;
        std::vector<entry> entries; ///< the last one is the file, where the links end
    };

    void add_entries(watched_file& watched);
    static bool entry_changed(const entry& entry, bool by_name);
    [[nodiscard]] bool sees_names() const;

    std::vector<watched_file> files_;
    struct stat root_ {}; ///< the directory `/` of when the watch was made
    std::optional<std::string> changed_while_read_;
    file_descriptor inotify_;
    std::map<int, std::set<std::string, std::less<>>> names_; ///< by inotify's watch descriptor
};

} // namespace postfix_proto
