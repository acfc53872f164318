/// Reads the logfiles.
#pragma once

#include "flushd/core/logfile_name.hpp"
#include "flushd/tool/queue/last_send.hpp"

#include "postfix_proto/queue_id.hpp"
#include "postfix_proto/queue_path.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace flushd::tool {

/// The content of one logfile.
struct listed_site {
    explicit listed_site(logfile_name name) : file(std::move(name)) {}

    logfile_name file;
    std::vector<postfix_proto::queue_id> ids; ///< each once, in the order of the file
    std::size_t duplicates = 0;               ///< lines that repeat an ID
    std::size_t bad = 0;                      ///< lines that are not a queue ID
    logfile_times times;                      ///< for find_last_send()
};

/// Reads all logfiles, or those wanted, below the current directory, $queue_directory. The result
/// is sorted by name, and has no entry for a site without a logfile, nor, unless it is wanted, for
/// a selection.
///
/// Takes no lock and changes no access time, so the service is not affected. Lines that are being
/// written may be missing; while a send removes lines, some may appear twice.
///
/// Throws tool_error if the directory cannot be read. A logfile is left out, with a message on
/// standard error, if the total would exceed 256 MiB with it.
[[nodiscard]] std::vector<listed_site>
read_listed_sites(const postfix_proto::queue_layout& layout,
                  const std::optional<std::set<logfile_name>>& wanted = std::nullopt);

/// The same for one logfile, by its path.
[[nodiscard]] std::optional<listed_site> read_listed_site(const std::string& path,
                                                          logfile_name name);

} // namespace flushd::tool
