/// Finds deferred mail of eligible destinations that no logfile lists.
#pragma once

#include "flushd/core/flush_parameters.hpp"
#include "flushd/core/site_policy.hpp"

#include "postfix_proto/log.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace flushd::tool {

struct unlisted_mail {
    std::size_t looked_at = 0;                ///< deferred messages for eligible sites
    std::size_t messages = 0;                 ///< those of them that a logfile lacks
    std::map<std::string, std::size_t> sites; ///< their number, by logfile
    std::size_t undecided = 0; ///< sites of which is not known whether they are eligible
    std::string failure;       ///< why the queue listing is missing or incomplete
};

/// Compares the queue listing with the logfiles. The current directory must be queue_directory.
/// Blocks; showq(8) and proxymap(8) may be silent for `silence_limit`.
[[nodiscard]] unlisted_mail find_unlisted_mail(const flush_parameters& parameters,
                                               const std::string& showq_service,
                                               site_policy& policy,
                                               std::chrono::seconds silence_limit,
                                               postfix_proto::logger& log);

} // namespace flushd::tool
