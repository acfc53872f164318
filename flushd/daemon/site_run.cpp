#include "flushd/daemon/site_run.hpp"

#include "flushd/core/selection.hpp"
#include "flushd/daemon/first_domain.hpp"
#include "flushd/daemon/log_rewrite.hpp"
#include "flushd/daemon/slice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace flushd {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;
using postfix_proto::qmgr_request;

namespace {

// When a long run tells qmgr(8) that there is mail to be had: soon, and then so often.
constexpr std::chrono::milliseconds first_announcement{2};
constexpr std::chrono::seconds announce_interval{1};

deferred_transports transports_of(send_mode mode) {
    switch (mode) {
    case send_mode::refresh:
        return deferred_transports::respected;
    case send_mode::unthrottle:
        return deferred_transports::overridden;
    case send_mode::probe:
        break;
    }
    return deferred_transports::permitted;
}

/// So many at most.
std::size_t count_lines(std::string_view text, std::size_t most) {
    std::size_t count = 0;
    for (; count < most && !text.empty(); ++count)
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    return count;
}

} // namespace

site_run::site_run(const send_context& send, const unfinished_sends::entry& what, send_mode mode,
                   std::function<void()> on_waiting, std::optional<unfinished_sends::record> record)
    : send_(send), file_(what.file), site_(what.site), pace_(what.pace), rate_(what.pace.interval),
      mode_(mode), on_waiting_(std::move(on_waiting)), record_(std::move(record)),
      how_long_(first_announcement), is_chosen_(is_selection(what.file)) {}

asio::awaitable<bool> site_run::carry_out() {
    turn_.emplace(co_await send_.runs.take());
    switch (co_await read_list()) {
    case list_state::failed:
        co_return false;
    case list_state::is_empty:
        if (is_chosen_)
            static_cast<void>(co_await send_.store.remove(file_)); // or housekeeping
        co_return true;
    case list_state::has_mail:
        break;
    }
    begin_ = clock::now();
    co_await move_all();
    has_moved_ = work_->result().moved > 0;
    const bool success = co_await drop_handled();
    if (announce_)
        co_await announce();
    co_return success;
}

asio::awaitable<site_run::list_state> site_run::read_list() {
    const auto& daemon = send_.daemon;
    auto opened = co_await send_.store.open_locked(file_, logfile::missing::is_error);
    if (!opened) {
        // No logfile, no mail.
        if (opened.error() == std::errc::no_such_file_or_directory)
            co_return list_state::is_empty;
        send_.cannot_open("open fast flush logfile {}: {}", file_.name(),
                          logfile_failure(opened.error()));
        co_return list_state::failed;
    }
    opened_.emplace(std::move(*opened));
    logfile::outcome read;
    bool first = true;
    while (!read) {
        read = co_await daemon.worker.run([&] {
            if (std::exchange(first, false))
                opened_->mark_sent();
            const auto result = opened_->take_snapshot(listed_, slice);
            if (result)
                opened_->unlock();
            return result;
        });
    }
    if (*read) {
        send_.cannot_open("read fast flush logfile {}: {}", file_.name(), read->message());
        co_return list_state::failed;
    }
    co_return listed_.lines.empty() ? list_state::is_empty : list_state::has_mail;
}

asio::awaitable<void> site_run::move_all() {
    const auto& daemon = send_.daemon;
    work_ = std::make_unique<site_move>(listed_.lines, file_.name(), transports_of(mode_),
                                        send_.mover, daemon.log);
    if (mode_ != send_mode::refresh && is_unnamed())
        co_await daemon.worker.run([&] { find_name(); });
    const auto messages = count_lines(listed_.lines, delivery_share::small_send + 1);
    // Housekeeping knows the logfile's name only, and a selection has several domains.
    const auto domain = mode_ == send_mode::refresh || is_chosen_ ? std::string() : site_;
    follower_ = std::make_shared<delivery_follower>(
        daemon, site_, domain, messages, send_.mover.layout(), send_.bounces, send_.share);
    if (mode_ != send_mode::refresh && send_.mover.defers_transports())
        keep_permitted();
    if (is_chosen_)
        work_->leave_domains([this](const std::string& of_message) {
            return follower_->is_down(of_message) ||
                   (pace_.is_careful() && follower_->is_deferred_again(of_message));
        });

    // qmgr(8) must forget dead destinations before it sees the first message, or it would defer
    // that one at once.
    if (mode_ == send_mode::unthrottle)
        static_cast<void>(co_await send_.queue_manager.send(qmgr_request::flush_dead));

    // The first time as Postfix does, even when it turns out that nothing can be moved.
    announce_ = true;
    next_announcement_ = clock::now() + first_announcement;
    rate_.start(begin_);
    while (!was_ended_ && !is_done_) {
        if (is_over()) {
            was_ended_ = true;
            co_await daemon.worker.run([&] { work_->leave_rest(); });
        } else if (const auto most = room(); most > 0) {
            co_await move_some(most);
        } else {
            co_await wait_for_room();
        }
    }
    follower_->close();
}

/// A restarted qmgr(8) reads the messages of this send anew, and has forgotten the permission.
void site_run::keep_permitted() {
    follower_->on_restart(
        [&mover = send_.mover](const postfix_proto::queue_id& id) { mover.permit_again(id); });
    auto& all = send_.permitted;
    all.erase(std::remove_if(all.begin(), all.end(), [](const auto& one) { return one.expired(); }),
              all.end());
    all.push_back(follower_);
}

/// Whether only the logfile's name is known: housekeeping knows no other, and somebody may have
/// sent it by this name.
bool site_run::is_unnamed() const {
    return !is_chosen_ && site_ == file_.name() && site_.find('_') != std::string::npos;
}

void site_run::find_name() {
    auto name = site_of_messages(listed_.lines, file_, send_.mover.layout());
    if (!name.empty())
        site_ = std::move(name);
}

/// The rest is not to be moved: somebody has called it off, the destination is in the way, or it
/// was to be so many.
bool site_run::is_over() const {
    const auto moved = work_->result().moved;
    if ((pace_.first > 0 && moved >= pace_.first) || (record_ && record_->is_called_off()))
        return true;
    return !is_chosen_ &&
           ((pace_.is_careful() && follower_->is_deferred_again()) || follower_->is_down());
}

std::size_t site_run::room() {
    auto most = std::min(follower_->room(), rate_.room(clock::now()));
    if (pace_.first > 0)
        most = std::min(most, pace_.first - work_->result().moved);
    return most;
}

asio::awaitable<void> site_run::move_some(std::size_t most_messages) {
    const auto moved_before = work_->result().moved;
    is_done_ = co_await send_.daemon.worker.run([&] {
        send_.bounces.start();
        const bool is_done = work_->go_on(how_long_, most_messages);
        follower_->add(work_->take_moved());
        return is_done;
    });
    follower_->count_added();
    const auto moved = work_->result().moved - moved_before;
    rate_.add(moved);
    announce_ = announce_ || moved > 0;
    how_long_ = slice;
    if (!is_done_ && announce_ && clock::now() >= next_announcement_) {
        co_await announce();
        next_announcement_ = clock::now() + announce_interval;
    }
}

asio::awaitable<void> site_run::announce() {
    announce_ = false;
    static_cast<void>(co_await send_.queue_manager.send(qmgr_request::scan_incoming));
}

asio::awaitable<void> site_run::wait_for_room() {
    if (announce_)
        co_await announce();
    begin_to_wait();
    co_await follower_->look_round();
}

void site_run::begin_to_wait() {
    if (!turn_)
        return;
    // Housekeeping comes again anyway, and so does a probe.
    if (!record_ && mode_ == send_mode::unthrottle) {
        if (auto added = send_.unfinished.add({file_, site_, pace_}))
            record_.emplace(std::move(*added));
    }
    opened_.reset();
    turn_.reset();
    if (on_waiting_)
        on_waiting_();
}

/// After the run has waited, it needs what it gave up then.
asio::awaitable<std::error_code> site_run::lock_again() {
    if (opened_)
        co_return co_await send_.store.lock(*opened_);
    turn_.emplace(co_await send_.runs.take());
    auto opened = co_await send_.store.open_locked(file_, logfile::missing::is_error);
    if (!opened)
        co_return opened.error();
    opened_.emplace(std::move(*opened));
    co_return std::error_code();
}

asio::awaitable<bool> site_run::drop_handled() {
    const auto& daemon = send_.daemon;
    auto failure = co_await lock_again();
    const auto how_long = clock::now() - begin_;
    count_report(how_long);
    if (opened_) {
        if (!failure)
            failure = co_await drop_lines();
    } else if (failure == std::errc::no_such_file_or_directory) {
        failure = {}; // somebody has removed it: nothing is listed
    }
    co_await daemon.worker.run([&] {
        if (opened_) {
            opened_->mark_sent();
            opened_->unlock();
        }
        if (failure)
            daemon.log.warning("truncate fast flush logfile {}: {}", file_.name(),
                               logfile_failure(failure));
        log_report(how_long);
        // Here, since it takes milliseconds to give back what a long list has taken.
        work_.reset();
        listed_ = {};
    });
    record_.reset();
    co_return !failure;
}

asio::awaitable<std::error_code> site_run::drop_lines() {
    auto& worker = send_.daemon.worker;
    const auto& result = work_->result();
    if (is_chosen_ && mode_ != send_mode::probe)
        co_return co_await worker.run([&] { return opened_->remove(); });
    // A site's message that is deferred again is listed again; nobody does so for a selection. The
    // next probe begins with another message.
    const auto keep = result.keep + result.moved_lines;
    log_rewrite rewrite(*opened_, listed_, keep);
    logfile::outcome written;
    while (!written)
        written = co_await worker.run([&] { return rewrite.go_on(slice); });
    co_return *written;
}

std::shared_ptr<delivery_follower> site_run::take_follower() {
    return has_moved_ && mode_ != send_mode::refresh ? std::move(follower_) : nullptr;
}

void site_run::count_report(clock::duration how_long) {
    const auto& result = result_.emplace(work_->result());
    auto& counts = send_.daemon.counts;
    const bool is_send = mode_ != send_mode::refresh;
    const auto count = [&](counter of_send, counter of_refresh, std::uint64_t n) {
        counts.add(is_send ? of_send : of_refresh, n);
    };
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(how_long);
    count(counter::sends, counter::refreshes, 1);
    count(counter::send_microseconds, counter::refresh_microseconds,
          static_cast<std::uint64_t>(microseconds.count()));
    count(counter::send_moved, counter::refresh_moved, result.moved);
    count(counter::send_missing, counter::refresh_missing, result.missing);
    count(counter::send_held, counter::refresh_held, result.held);
    count(counter::send_duplicate, counter::refresh_duplicate, result.duplicate);
    count(counter::send_failed, counter::refresh_failed, result.failed);
    counts.add(counter::send_left, result.left);
    counts.add(counter::bad_lines, result.bad);
}

void site_run::log_report(clock::duration how_long) {
    const auto& result = work_->result();
    auto& log = send_.daemon.log;
    if (is_unnamed() && (was_ended_ || result.bad > 1))
        find_name();
    const std::chrono::duration<double> seconds = how_long;
    // Not "NAME: ...": log analysers would take a word before a colon for a queue ID.
    auto text = fmt::format(
        "flush site={}, moved={}, missing={}, held={}, duplicate={}, failed={}, seconds={:.3f}",
        site_, result.moved, result.missing, result.held, result.duplicate, result.failed,
        seconds.count());
    if (was_ended_ || result.left > 0) {
        text += fmt::format(", left={}", result.left);
        if (!follower_->result().reason.empty())
            text += fmt::format(" ({})", follower_->result().reason);
    }
    if (mode_ != send_mode::refresh || was_ended_ || is_chosen_)
        log.info("{}", text);
    else
        log.debug("{}", text); // there may be a million of them: housekeeping tells the sum
    if (result.bad > 1)
        log.warning("{} bad queue ids in fast flush logfile of {}", result.bad, site_);
}

} // namespace flushd
