/// Delivers the listed mail of a site on request.
#pragma once

#include "flushd/core/logfile_name.hpp"
#include "flushd/daemon/daemon_context.hpp"
#include "flushd/daemon/logfile_store.hpp"
#include "flushd/daemon/queue_mover.hpp"
#include "flushd/daemon/site_move.hpp"
#include "flushd/daemon/turns.hpp"

#include "postfix_proto/repeated_warning.hpp"
#include "postfix_proto/trigger.hpp"
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>

namespace flushd {

/// Whether qmgr(8) is to forget dead destinations and throttled transports before the mail moves.
enum class send_mode {
    refresh,   ///< no: housekeeping must not override defer_transports
    unthrottle ///< yes: somebody asked for this mail
};

/// Moves the messages that are listed for a site, one run at a time for each site. Requests that
/// come while a run is under way are served by one more run after it, because the site may
/// have been listed again since the first one looked.
///
/// The worker does what is to be done with files, in pieces of some milliseconds, so that runs for
/// several sites take turns. A run holds the logfile's lock only to read the list and, at the end,
/// to drop what was handled. What could not be moved stays listed.
///
/// So many runs are under way at a time, each with a logfile open and its lines in memory; those
/// for other sites wait their turn.
class site_sender {
public:
    /// Everything referred to must outlive the sender, and the sender the io_context's run.
    site_sender(const daemon_context& daemon, logfile_store& store, queue_mover& mover,
                postfix_proto::trigger_sender& queue_manager);
    ~site_sender();

    /// True, unless the logfile could not be used. Waits until the work is done, or for a second if
    /// it takes longer; it then goes on by itself. `site` is what the log calls it.
    [[nodiscard]] boost::asio::awaitable<bool> send(logfile_name file, std::string site,
                                                    send_mode mode);

    [[nodiscard]] bool is_sending(const logfile_name& file) const { return busy_.contains(file); }

private:
    struct run;

    boost::asio::awaitable<void> work_off(logfile_name file);
    boost::asio::awaitable<bool> work_off_one(const logfile_name& file, const run& current);
    void give_up(const logfile_name& file);
    boost::asio::awaitable<bool> send_once(const logfile_name& file, const std::string& site,
                                           send_mode mode);
    boost::asio::awaitable<bool> move_all(site_move& work, send_mode mode);
    void count_report(const site_move::report& result, send_mode mode,
                      std::chrono::steady_clock::duration how_long);
    void log_report(const std::string& site, send_mode mode, const site_move::report& result,
                    std::chrono::steady_clock::duration how_long);

    daemon_context daemon_;
    logfile_store& store_;
    queue_mover& mover_;
    postfix_proto::trigger_sender& queue_manager_;

    struct site_state {
        std::shared_ptr<run> current;
        std::shared_ptr<run> next; // null until somebody asks for it
    };
    std::unordered_map<logfile_name, site_state> busy_;
    turns runs_;
    postfix_proto::repeated_warning cannot_open_;
};

} // namespace flushd
