/// Sends the listed mail of one site once.
#pragma once

#include "flushd/core/bounce_watch.hpp"
#include "flushd/core/logfile_name.hpp"
#include "flushd/core/unfinished_sends.hpp"
#include "flushd/daemon/daemon_context.hpp"
#include "flushd/daemon/delivery_follower.hpp"
#include "flushd/daemon/delivery_share.hpp"
#include "flushd/daemon/logfile.hpp"
#include "flushd/daemon/logfile_store.hpp"
#include "flushd/daemon/queue_mover.hpp"
#include "flushd/daemon/send_rate.hpp"
#include "flushd/daemon/site_move.hpp"

#include "postfix_proto/repeated_warning.hpp"
#include "postfix_proto/trigger.hpp"
#include "postfix_proto/turns.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace flushd {

/// Whether qmgr(8) is to forget dead destinations and throttled transports before the mail moves.
enum class send_mode {
    refresh,    ///< no: housekeeping must not override defer_transports
    unthrottle, ///< yes: somebody asked for this mail
    probe       ///< only those of this site, to see whether it is up again
};

/// What all runs share. References only; what they refer to must outlive the runs.
struct send_context {
    const daemon_context& daemon;
    logfile_store& store;
    queue_mover& mover;
    postfix_proto::trigger_sender& queue_manager;
    delivery_share& share;
    bounce_watch& bounces;
    unfinished_sends& unfinished;
    postfix_proto::turns& runs;
    postfix_proto::repeated_warning& cannot_open;
    std::vector<std::weak_ptr<delivery_follower>>&
        permitted; ///< those whose messages have the permission
};

/// One run: reads the list, moves the messages, and drops from the logfile what was handled. What
/// could not be moved stays listed.
///
/// The worker does what is to be done with files, in pieces of some milliseconds, so that runs for
/// several sites take turns. The logfile's lock is held only to read the list and, at the end, to
/// drop lines.
///
/// A run that has used up its share of the queue manager waits until messages have left. It then
/// holds neither a turn nor a descriptor, its clients are answered, and the send is recorded, so
/// that another process finishes it should this one be killed. When the destination turns out to
/// be down, the rest stays listed.
///
/// A selection has messages of several destinations: what is for one that is down is left where it
/// is, and the others go on. Its logfile is removed at the end, as nobody sends it again.
class site_run {
public:
    /// `site` is what the log calls it. `on_waiting` is called when the run begins to wait for its
    /// share.
    site_run(const send_context& send, const unfinished_sends::entry& what, send_mode mode,
             std::function<void()> on_waiting, std::optional<unfinished_sends::record> record);

    /// True, unless the logfile could not be used.
    [[nodiscard]] boost::asio::awaitable<bool> carry_out();

    /// What the run has done; nothing if no mail was listed, or the logfile could not be read.
    [[nodiscard]] const std::optional<site_move::counts>& result() const noexcept {
        return result_;
    }

    /// Follows what was moved, after carry_out(); nothing if no message was. To be called once.
    [[nodiscard]] std::shared_ptr<delivery_follower> take_follower();

private:
    enum class list_state { has_mail, is_empty, failed };

    boost::asio::awaitable<list_state> read_list();
    [[nodiscard]] bool is_unnamed() const;
    void find_name();
    boost::asio::awaitable<void> move_all();
    void keep_permitted();
    boost::asio::awaitable<void> announce();
    boost::asio::awaitable<void> move_some(std::size_t most_messages);
    [[nodiscard]] std::size_t room();
    [[nodiscard]] bool is_over() const;
    boost::asio::awaitable<void> wait_for_room();
    boost::asio::awaitable<bool> drop_handled();
    boost::asio::awaitable<std::error_code> drop_lines();
    boost::asio::awaitable<std::error_code> lock_again();
    void begin_to_wait();
    void count_report(std::chrono::steady_clock::duration how_long);
    void log_report(std::chrono::steady_clock::duration how_long);

    send_context send_;
    logfile_name file_;
    std::string site_;
    send_pace pace_;
    send_rate rate_;
    send_mode mode_;
    std::function<void()> on_waiting_; // empty once it has been called
    std::optional<unfinished_sends::record> record_;
    std::optional<postfix_proto::turns::turn> turn_;
    std::optional<logfile> opened_; // not while the run waits
    logfile::snapshot listed_;
    std::unique_ptr<site_move> work_;
    std::shared_ptr<delivery_follower> follower_;
    bool announce_ = true;                         // qmgr(8) has not been told of everything
    std::chrono::steady_clock::duration how_long_; // for the next piece of work
    std::chrono::steady_clock::time_point next_announcement_{}; // not before
    bool is_done_ = false;                                      // with the list
    bool was_ended_ = false;                                    // before all was moved
    bool is_chosen_;                                            // a selection, and no site
    std::optional<site_move::counts> result_;                   // at the end
    bool has_moved_ = false;
    std::chrono::steady_clock::time_point begin_; // of moving
};

} // namespace flushd
