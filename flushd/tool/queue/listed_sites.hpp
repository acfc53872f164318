/// Reads what the logfiles list.
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

/// One logfile as it was when it was read.
struct listed_site {
    explicit listed_site(logfile_name name) : file(std::move(name)) {}

    logfile_name file;
    std::vector<postfix_proto::queue_id> ids; ///< each once, in the order of the file
    std::size_t duplicates = 0;               ///< lines with an ID that has come before
    std::size_t bad = 0;                      ///< lines that are no queue ID
    logfile_times times; ///< from which one tells when it was sent or refreshed last
};

/// Reads all logfiles, or those wanted, below the current directory, $queue_directory. Sorted by
/// name. Sites without a logfile are not there.
///
/// Takes no lock and leaves the access times alone, so the service does not notice. Lines that are
/// written at the same time may be there or not; while a send drops lines, some may come twice.
///
/// Throws tool_error when the directory cannot be read. A logfile with which there would be more
/// than 256 MiB is left out, and standard error says so.
[[nodiscard]] std::vector<listed_site>
read_listed_sites(const postfix_proto::queue_layout& layout,
                  const std::optional<std::set<logfile_name>>& wanted = std::nullopt);

/// The same for one logfile, by its path.
[[nodiscard]] std::optional<listed_site> read_listed_site(const std::string& path,
                                                          logfile_name name);

} // namespace flushd::tool
