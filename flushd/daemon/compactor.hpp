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

/// A message is listed again each time it is deferred. Where nobody asks for the mail of a site,
/// its logfile would grow with the attempts. So a logfile that has become large is rewritten with
/// each line once, in the order in which they came first; and again when it has doubled, so that
/// all rewriting together costs no more than a constant for each add.
///
/// The logfile stays what it was for everybody else: lines, and the access time by which
/// housekeeping tells when it was sent last. Whoever sends the site meanwhile goes first: then the
/// logfile is left alone.
class compactor {
public:
    /// Everything referred to must outlive this object, and it the io_context's run.
    compactor(const daemon_context& daemon, logfile_store& store, const site_sender& sender)
        : daemon_(daemon), store_(store), sender_(sender) {}

    /// Below this size, nothing is done: 64 KiB are some 5000 lines.
    static constexpr std::size_t small = std::size_t{64} * 1024;

    /// The logfile has been appended to, and has this size now.
    void grown(const logfile_name& site, std::size_t size);

private:
    boost::asio::awaitable<void> compact(logfile_name site);
    boost::asio::awaitable<std::error_code> compact_now(const logfile_name& site);

    daemon_context daemon_;
    logfile_store& store_;
    const site_sender& sender_;
    std::unordered_set<logfile_name> running_;
    // Of large logfiles: their size when they were last looked at. An entry goes when its logfile
    // has become smaller, which is when it has been sent.
    std::unordered_map<logfile_name, std::size_t> compacted_size_;
};

} // namespace flushd
