/// Delivers the listed mail of a site on request.
#pragma once

#include "flushd/core/bounce_watch.hpp"
#include "flushd/core/logfile_name.hpp"
#include "flushd/core/unfinished_sends.hpp"
#include "flushd/daemon/daemon_context.hpp"
#include "flushd/daemon/delivery_follower.hpp"
#include "flushd/daemon/delivery_share.hpp"
#include "flushd/daemon/followed_send.hpp"
#include "flushd/daemon/logfile_store.hpp"
#include "flushd/daemon/queue_mover.hpp"
#include "flushd/daemon/send_account.hpp"
#include "flushd/daemon/site_run.hpp"

#include "postfix_proto/repeated_warning.hpp"
#include "postfix_proto/trigger.hpp"
#include "postfix_proto/turns.hpp"
#include <boost/asio/awaitable.hpp>

#include <sys/types.h>

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace flushd {

/// Carries out the sends, one run at a time for each site; see site_run. Requests that come while a
/// run is under way are served by one more run after it, because the site may have been listed
/// again since the first one looked.
///
/// So many runs have their turn at a time, each with a logfile open; those for other sites wait.
///
/// What a client has asked for is followed to its end, which is logged and put into the history.
class site_sender {
public:
    /// Everything referred to must outlive the sender, and the sender the io_context's run.
    site_sender(const daemon_context& daemon, logfile_store& store, queue_mover& mover,
                postfix_proto::trigger_sender& queue_manager, unfinished_sends& unfinished,
                const delivery_share::limits& most_in_delivery);
    ~site_sender();

    /// True, unless the logfile could not be used. Waits until all messages are moved, or the send
    /// waits for its share of the queue manager, or for a second if it takes longer; it then goes
    /// on by itself. `site` is what the log calls it; `user` has asked for it, if that is known.
    [[nodiscard]] boost::asio::awaitable<bool> send(logfile_name file, std::string site,
                                                    send_mode mode,
                                                    std::optional<uid_t> user = std::nullopt);

    [[nodiscard]] bool is_sending(const logfile_name& file) const { return busy_.contains(file); }

    /// Sends a few messages and sees what becomes of them, with a line in the log. Nothing if the
    /// site is being sent by others, or no mail of it can be moved.
    [[nodiscard]] boost::asio::awaitable<std::optional<followed_send::report>>
    probe(logfile_name file, std::string site);

    /// Sends what a record asks for, at once, and after what is under way for that site.
    void send_recorded(unfinished_sends::send recorded);

    /// qmgr(8) is being restarted: it is to know of what it has in hand that it has been sent.
    void permit_again();

    /// The process is about to end: logs what is known of the messages in delivery.
    void end();

private:
    struct run;
    struct followed {
        std::shared_ptr<delivery_follower> messages;
        std::shared_ptr<run> asked; // whom the end is told
    };

    void begin(const logfile_name& file, std::shared_ptr<run> first);
    boost::asio::awaitable<void> work_off(logfile_name file);
    boost::asio::awaitable<bool> work_off_one(const logfile_name& file,
                                              std::shared_ptr<run> current);
    void give_up(const logfile_name& file);
    void keep_account(site_run& ended, const std::shared_ptr<run>& asked);
    void follow(std::shared_ptr<delivery_follower> messages, std::shared_ptr<run> asked);
    static void report(followed& send);
    boost::asio::awaitable<void> follow_to_end(std::list<followed>::iterator which);

    daemon_context daemon_;
    logfile_store& store_;
    queue_mover& mover_;
    postfix_proto::trigger_sender& queue_manager_;
    unfinished_sends& unfinished_;
    delivery_share share_;
    bounce_watch bounces_;

    struct site_state {
        std::shared_ptr<run> current;
        std::shared_ptr<run> next; // null until somebody asks for it
    };
    std::unordered_map<logfile_name, site_state> busy_;
    postfix_proto::turns runs_;
    postfix_proto::repeated_warning cannot_open_;
    std::list<followed> followed_;                            // after their runs
    std::vector<std::weak_ptr<delivery_follower>> permitted_; // see site_run
};

} // namespace flushd
