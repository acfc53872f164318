#include "flushd/daemon/recorded_sends.hpp"

#include "flushd/core/selection.hpp"

#include "postfix_proto/spawn.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <ctime>
#include <utility>

namespace flushd {

namespace asio = boost::asio;
using std::chrono::seconds;

namespace {

// Between two probes of a destination that is down. An attempt may take half a minute by itself.
constexpr seconds first_pause{5};
constexpr seconds longest_pause{300};

// So often a send that waits is looked at, in case somebody has called it off.
constexpr seconds look_interval{1};

bool is_up(const followed_send::report& outcome) {
    return outcome.delivered + outcome.bounced + outcome.gone > 0;
}

} // namespace

void recorded_sends::take_over() {
    for (auto& left : recorded_.take_over(daemon_.log)) {
        if (left.what.pace.when_up_until)
            postfix_proto::spawn(daemon_.context, send_when_up(std::move(left)), daemon_.log,
                                 "send when it is up", daemon_.work.start());
        else
            sender_.send_recorded(std::move(left));
    }
}

asio::awaitable<void> recorded_sends::send_when_up(unfinished_sends::send recorded) {
    daemon_.log.info("flush site={}, when it is up", recorded.what.site);
    seconds how_long = first_pause;
    while (true) {
        const auto outcome = co_await sender_.probe(recorded.what.file, recorded.what.site);
        recorded.kept.note_progress(recorded.what);
        if (outcome && is_up(*outcome))
            break;
        if (!co_await pause(recorded, how_long)) {
            if (is_selection(recorded.what.file))
                static_cast<void>(co_await store_.remove(recorded.what.file)); // or housekeeping
            co_return;
        }
        how_long = std::min(how_long * 2, longest_pause);
    }
    recorded.what.pace.when_up_until.reset();
    recorded.kept.note_progress(recorded.what);
    sender_.send_recorded(std::move(recorded));
}

/// False if the send has been called off, or its time is up.
asio::awaitable<bool> recorded_sends::pause(const unfinished_sends::send& recorded,
                                            seconds how_long) {
    asio::steady_timer timer(daemon_.context);
    for (seconds waited{0}; waited < how_long; waited += look_interval) {
        if (recorded.kept.is_called_off()) {
            daemon_.log.info("flush site={}, called off", recorded.what.site);
            co_return false;
        }
        if (std::time(nullptr) >= *recorded.what.pace.when_up_until) {
            daemon_.log.info("flush site={}, given up: no message was delivered in time",
                             recorded.what.site);
            co_return false;
        }
        timer.expires_after(look_interval);
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return true;
}

} // namespace flushd
