/// Refreshes and purges logfiles that are due.
#pragma once

#include "flushd/daemon/daemon_context.hpp"
#include "flushd/daemon/logfile_store.hpp"
#include "flushd/daemon/site_sender.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace flushd {

/// Visits all logfiles, in the background:
/// - one that has not been read for `refresh_time` is sent, without overriding dead destinations
///   or defer_transports, because its messages may have been delivered long ago;
/// - one that has been empty for `purge_time` is removed.
class housekeeping {
public:
    /// The arguments must outlive this object, which must outlive the run of the io_context.
    housekeeping(const daemon_context& daemon, logfile_store& store, site_sender& sender,
                 std::chrono::seconds purge_time)
        : daemon_(daemon), store_(store), sender_(sender), purge_time_(purge_time) {}

    /// Starts a round. If a round is in progress, another one follows it.
    void start(std::chrono::seconds refresh_time);

private:
    boost::asio::awaitable<void> rounds();
    boost::asio::awaitable<void> visit_all(std::chrono::seconds refresh_time);
    boost::asio::awaitable<bool> remove(const logfile_name& file, std::time_t oldest);

    daemon_context daemon_;
    logfile_store& store_;
    site_sender& sender_;
    std::chrono::seconds purge_time_;
    bool running_ = false;
    std::optional<std::chrono::seconds> wanted_; // refresh_time of the next round
};

} // namespace flushd
