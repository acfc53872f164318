/// Deduplicates logfiles that have grown large.
#pragma once

#include "flushd/core/logfile_name.hpp"
#include "flushd/daemon/daemon_context.hpp"
#include "flushd/daemon/logfile.hpp"
#include "flushd/daemon/logfile_store.hpp"
#include "flushd/daemon/site_sender.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace flushd {

/// A message is listed again each time it is deferred. If nobody requests the mail of a site, its
/// logfile would grow with each attempt. A logfile that has become large is therefore rewritten
/// with each line once, in the order of first occurrence, and again each time it has doubled. The
/// total cost of rewriting is thus constant for each add.
///
/// For other programs nothing changes: neither the set of lines nor the access time, from which
/// housekeeping determines the last send. A send has priority: if the site is sent meanwhile, the
/// logfile is left unchanged.
class compactor {
public:
    /// The arguments must outlive this object, which must outlive the run of the io_context.
    compactor(const daemon_context& daemon, logfile_store& store, const site_sender& sender)
        : daemon_(daemon), store_(store), sender_(sender) {}

    /// Smaller logfiles are not rewritten. 64 KiB is about 5000 lines.
    static constexpr std::size_t small = std::size_t{64} * 1024;

    /// Call it after each append, with the new size of the logfile.
    void grown(const logfile_name& site, std::size_t size);

private:
    boost::asio::awaitable<void> compact(logfile_name site);
    boost::asio::awaitable<std::error_code> compact_now(const logfile_name& site);

    daemon_context daemon_;
    logfile_store& store_;
    const site_sender& sender_;
    std::unordered_set<logfile_name> running_;
    // The sizes of large logfiles at their last rewrite. An entry is removed when its logfile has
    // become smaller, that is, when it has been sent.
    std::unordered_map<logfile_name, std::size_t> compacted_size_;
};

} // namespace flushd
