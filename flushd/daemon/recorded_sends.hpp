/// Carries out the sends that $data_directory/flushd.sends asks for.
#pragma once

#include "flushd/core/unfinished_sends.hpp"
#include "flushd/daemon/daemon_context.hpp"
#include "flushd/daemon/logfile_store.hpp"
#include "flushd/daemon/site_sender.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>

namespace flushd {

/// What other processes have left unfinished is sent at once, and so is what an operator has asked
/// for, unless it is to wait until the destination is up. Then one message is tried now and then:
/// after some seconds at first, and every five minutes later. When it has been delivered (or
/// returned: somebody has answered), the rest follows.
class recorded_sends {
public:
    /// Everything referred to must outlive this object, and it the io_context's run.
    recorded_sends(const daemon_context& daemon, logfile_store& store, site_sender& sender,
                   unfinished_sends& recorded)
        : daemon_(daemon), store_(store), sender_(sender), recorded_(recorded) {}

    /// Begins what is in the file and nobody has begun.
    void take_over();

    /// The same, if somebody has written to the file.
    void look() {
        if (recorded_.has_changed())
            take_over();
    }

private:
    boost::asio::awaitable<void> send_when_up(unfinished_sends::send recorded);
    boost::asio::awaitable<bool> pause(const unfinished_sends::send& recorded,
                                       std::chrono::seconds how_long);

    daemon_context daemon_;
    logfile_store& store_;
    site_sender& sender_;
    unfinished_sends& recorded_;
};

} // namespace flushd
