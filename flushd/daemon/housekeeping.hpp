/// Refreshes and purges logfiles that are due.
#pragma once

#include "flushd/core/unfinished_sends.hpp"
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
/// - one that has been empty for `purge_time` is removed;
/// - so is a selection that nobody sends any more.
class housekeeping {
public:
    /// The arguments must outlive this object, which must outlive the run of the io_context.
    housekeeping(const daemon_context& daemon, logfile_store& store, site_sender& sender,
                 const unfinished_sends& recorded, std::chrono::seconds purge_time)
        : daemon_(daemon), store_(store), sender_(sender), recorded_(recorded),
          purge_time_(purge_time) {}

    /// Starts a round. If a round is in progress, another one follows it.
    void start(std::chrono::seconds refresh_time);

private:
    boost::asio::awaitable<void> rounds();
    boost::asio::awaitable<void> visit_all(std::chrono::seconds refresh_time);
    boost::asio::awaitable<bool> send(const logfile_name& file);
    boost::asio::awaitable<bool> remove(const logfile_name& file, std::time_t oldest);
    boost::asio::awaitable<void> remove_selection(const logfile_name& file);

    daemon_context daemon_;
    logfile_store& store_;
    site_sender& sender_;
    const unfinished_sends& recorded_;
    std::chrono::seconds purge_time_;
    bool running_ = false;
    std::optional<std::chrono::seconds> wanted_; // refresh_time of the next round
};

} // namespace flushd
