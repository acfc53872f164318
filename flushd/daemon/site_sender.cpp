#include "flushd/daemon/site_sender.hpp"

#include "flushd/daemon/log_rewrite.hpp"
#include "flushd/daemon/slice.hpp"

#include "postfix_proto/spawn.hpp"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace flushd {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;
using postfix_proto::qmgr_request;

namespace {

// How long a client waits for the end of a send. Its own patience (ipc_timeout) is an hour, but
// smtpd(8) has an SMTP client that waits for the answer to ETRN.
constexpr std::chrono::seconds longest_wait{1};

// Runs at a time. One after the other would do, were it not for logfiles that somebody has locked;
// the descriptors must be among those that the daemon keeps from its clients.
constexpr std::size_t most_runs = 32;

// When a long run tells qmgr(8) that there is mail to be had: soon, and then so often.
constexpr std::chrono::milliseconds first_announcement{2};
constexpr std::chrono::seconds announce_interval{1};

} // namespace

/// One run that clients wait for.
struct site_sender::run {
    run(asio::io_context& context, std::string site_name, send_mode send_how)
        : site(std::move(site_name)), mode(send_how), done_or_late(context) {
        done_or_late.expires_after(longest_wait);
    }

    std::string site;
    send_mode mode;
    bool success = true; // so far
    asio::steady_timer done_or_late;
};

site_sender::site_sender(const daemon_context& daemon, logfile_store& store, queue_mover& mover,
                         postfix_proto::trigger_sender& queue_manager)
    : daemon_(daemon), store_(store), mover_(mover), queue_manager_(queue_manager),
      runs_(daemon.context, most_runs), cannot_open_(daemon.log) {}

site_sender::~site_sender() = default;

asio::awaitable<bool> site_sender::send(logfile_name file, std::string site, send_mode mode) {
    std::shared_ptr<run> mine;
    if (const auto found = busy_.find(file); found != busy_.end()) {
        auto& next = found->second.next;
        if (!next)
            next = std::make_shared<run>(daemon_.context, std::move(site), mode);
        else if (mode == send_mode::unthrottle)
            next->mode = mode;
        mine = next;
    } else {
        mine = std::make_shared<run>(daemon_.context, std::move(site), mode);
        const auto begun = busy_.emplace(file, site_state{mine, nullptr}).first;
        try {
            postfix_proto::spawn(daemon_.context, work_off(file), daemon_.log,
                                 "send fast flush logfile", daemon_.work.start(),
                                 [this, file] { give_up(file); });
        } catch (...) {
            busy_.erase(begun); // or nobody could send the site any more
            throw;
        }
    }
    boost::system::error_code ignored;
    co_await mine->done_or_late.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return mine->success;
}

asio::awaitable<void> site_sender::work_off(logfile_name file) {
    auto& state = busy_.at(file); // stays until the end of this
    while (true) {
        state.current->success = co_await work_off_one(file, *state.current);
        if (!state.current->success)
            daemon_.counts.add(counter::send_failures);
        state.current->done_or_late.cancel();
        if (!state.next)
            break;
        state.current = std::move(state.next);
        state.next = nullptr;
    }
    busy_.erase(file);
}

/// What is thrown is the end of this run, and not of the one that others may wait for.
asio::awaitable<bool> site_sender::work_off_one(const logfile_name& file, const run& current) {
    try {
        const auto mine = co_await runs_.take();
        co_return co_await send_once(file, current.site, current.mode);
    } catch (const std::exception& e) {
        daemon_.log.warning("send fast flush logfile {}: {}", file.name(), e.what());
    }
    // Some of the mail may have been moved.
    static_cast<void>(co_await queue_manager_.send(qmgr_request::scan_incoming));
    co_return false;
}

void site_sender::give_up(const logfile_name& file) {
    const auto state = busy_.find(file);
    if (state == busy_.end())
        return;
    for (const auto& waiting : {state->second.current, state->second.next}) {
        if (!waiting)
            continue;
        waiting->success = false;
        waiting->done_or_late.cancel();
    }
    busy_.erase(state);
}

asio::awaitable<bool> site_sender::send_once(const logfile_name& file, const std::string& site,
                                             send_mode mode) {
    auto opened = co_await store_.open_locked(file, logfile::missing::is_error);
    if (!opened) {
        // No logfile, no mail.
        if (opened.error() == std::errc::no_such_file_or_directory)
            co_return true;
        cannot_open_("open fast flush logfile {}: {}", file.name(),
                     logfile_failure(opened.error()));
        co_return false;
    }
    auto& opened_logfile = *opened;
    logfile::snapshot listed;
    logfile::outcome read;
    bool first = true;
    while (!read) {
        read = co_await daemon_.worker.run([&] {
            if (std::exchange(first, false))
                opened_logfile.mark_sent();
            const auto result = opened_logfile.take_snapshot(listed, slice);
            if (result)
                opened_logfile.unlock();
            return result;
        });
    }
    if (*read) {
        cannot_open_("read fast flush logfile {}: {}", file.name(), read->message());
        co_return false;
    }
    if (listed.lines.empty())
        co_return true;

    const auto begin = clock::now();
    const auto transports = mode == send_mode::unthrottle ? deferred_transports::overridden
                                                          : deferred_transports::respected;
    auto work =
        std::make_unique<site_move>(listed.lines, file.name(), transports, mover_, daemon_.log);
    const bool announce = co_await move_all(*work, mode);

    auto failure = co_await store_.lock(opened_logfile);
    const auto how_long = clock::now() - begin;
    count_report(work->result(), mode, how_long);
    log_rewrite rewrite(opened_logfile, listed, work->result().keep);
    auto written = failure ? logfile::outcome(failure) : std::nullopt;
    while (!written)
        written = co_await daemon_.worker.run([&] { return rewrite.go_on(slice); });
    failure = *written;
    co_await daemon_.worker.run([&] {
        opened_logfile.mark_sent();
        opened_logfile.unlock();
        if (failure)
            daemon_.log.warning("truncate fast flush logfile {}: {}", file.name(),
                                logfile_failure(failure));
        log_report(site, mode, work->result(), how_long);
        // Here, since it takes milliseconds to give back what a long list has taken.
        work.reset();
        listed = {};
    });
    if (announce)
        static_cast<void>(co_await queue_manager_.send(qmgr_request::scan_incoming));
    co_return !failure;
}

/// True when qmgr(8) has not been told of everything yet.
asio::awaitable<bool> site_sender::move_all(site_move& work, send_mode mode) {
    // qmgr(8) must forget dead destinations before it sees the first message, or it would defer
    // that one at once.
    if (mode == send_mode::unthrottle)
        static_cast<void>(co_await queue_manager_.send(qmgr_request::flush_dead));

    // The first time as Postfix does, even when it turns out that nothing can be moved.
    bool announce = true;
    auto next_announcement = clock::now() + first_announcement;
    clock::duration how_long = first_announcement;
    while (true) {
        const auto moved_before = work.result().moved;
        const bool is_done = co_await daemon_.worker.run([&] { return work.go_on(how_long); });
        announce = announce || work.result().moved > moved_before;
        if (is_done)
            co_return announce;
        how_long = slice;
        if (announce && clock::now() >= next_announcement) {
            static_cast<void>(co_await queue_manager_.send(qmgr_request::scan_incoming));
            announce = false;
            next_announcement = clock::now() + announce_interval;
        }
    }
}

void site_sender::count_report(const site_move::report& result, send_mode mode,
                               clock::duration how_long) {
    const bool is_send = mode == send_mode::unthrottle;
    const auto count = [&](counter of_send, counter of_refresh, std::uint64_t n) {
        daemon_.counts.add(is_send ? of_send : of_refresh, n);
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
    daemon_.counts.add(counter::bad_lines, result.bad);
}

void site_sender::log_report(const std::string& site, send_mode mode,
                             const site_move::report& result, clock::duration how_long) {
    const std::chrono::duration<double> seconds = how_long;
    // Not "NAME: ...": log analysers would take a word before a colon for a queue ID.
    const auto text = fmt::format(
        "flush site={}, moved={}, missing={}, held={}, duplicate={}, failed={}, seconds={:.3f}",
        site, result.moved, result.missing, result.held, result.duplicate, result.failed,
        seconds.count());
    if (mode == send_mode::unthrottle)
        daemon_.log.info("{}", text);
    else
        daemon_.log.debug("{}", text); // there may be a million of them: housekeeping tells the sum
    if (result.bad > 1)
        daemon_.log.warning("{} bad queue ids in fast flush logfile of {}", result.bad, site);
}

} // namespace flushd
