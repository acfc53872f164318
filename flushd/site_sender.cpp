#include "flushd/site_sender.hpp"

#include "flushd/line_set.hpp"
#include "flushd/turn.hpp"

#include "postfix_proto/spawn.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <ctime>
#include <string_view>

namespace flushd {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;
using postfix_proto::qmgr_request;
using postfix_proto::queue_id;

namespace {

// How long a client waits for the end of a send. Its own patience (ipc_timeout) is an hour, but
// smtpd(8) has an SMTP client that waits for the answer to ETRN.
constexpr std::chrono::seconds longest_wait{1};

// When a long run tells qmgr(8) that there is mail to be had: soon, and then so often.
constexpr std::chrono::milliseconds first_announcement{2};
constexpr std::chrono::seconds announce_interval{1};

// What is shown of a line that is not a queue ID.
constexpr std::size_t longest_shown = 30;

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

struct site_sender::report {
    std::size_t moved = 0, missing = 0, duplicate = 0, failed = 0, bad = 0;
    std::string keep; // the lines that could not be handled
    clock::time_point start = clock::now();
    bool announce = false; // qmgr(8) has to be told that there is mail to be had
};

site_sender::site_sender(asio::io_context& context, site_store& store, queue_mover& mover,
                         postfix_proto::trigger_sender& queue_manager,
                         postfix_proto::work_in_hand& work, postfix_proto::logger& log)
    : context_(context), store_(store), mover_(mover), queue_manager_(queue_manager), work_(work),
      log_(log) {}

site_sender::~site_sender() = default;

asio::awaitable<bool> site_sender::send(site_file file, std::string site, send_mode mode) {
    site_state& state = busy_[file];
    std::shared_ptr<run> mine;
    if (!state.current) {
        mine = state.current = std::make_shared<run>(context_, std::move(site), mode);
        postfix_proto::spawn(context_, work_off(file, work_.start()), log_,
                             "send fast flush logfile", [this, file] { give_up(file); });
    } else {
        if (!state.next)
            state.next = std::make_shared<run>(context_, std::move(site), mode);
        else if (mode == send_mode::unthrottle)
            state.next->mode = mode;
        mine = state.next;
    }
    boost::system::error_code ignored;
    co_await mine->done_or_late.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return mine->success;
}

asio::awaitable<void> site_sender::work_off(site_file file,
                                            postfix_proto::work_in_hand::piece work) {
    const auto until_done = std::move(work);
    while (true) {
        const auto current = busy_[file].current;
        current->success = co_await send_once(file, current->site, current->mode);
        current->done_or_late.cancel();
        auto& state = busy_[file];
        if (!state.next)
            break;
        state.current = std::move(state.next);
        state.next = nullptr;
    }
    busy_.erase(file);
}

void site_sender::give_up(const site_file& file) {
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

asio::awaitable<bool> site_sender::send_once(const site_file& file, const std::string& site,
                                             send_mode mode) {
    auto opened = co_await store_.open_locked(file, site_log::missing::is_error);
    if (const auto* failure = std::get_if<std::error_code>(&opened)) {
        // No logfile, no mail.
        if (*failure == std::errc::no_such_file_or_directory)
            co_return true;
        log_.warning("open fast flush logfile {}: {}", file.name(), failure->message());
        co_return false;
    }
    auto& logfile = std::get<site_log>(opened);
    logfile.mark_sent();
    site_log::snapshot listed;
    if (const auto failure = logfile.take_snapshot(listed)) {
        log_.warning("read fast flush logfile {}: {}", file.name(), failure.message());
        co_return false;
    }
    logfile.unlock();
    if (listed.lines.empty())
        co_return true;

    report result = co_await move_all(file, listed.lines, mode);

    auto failure = co_await store_.lock(logfile);
    if (!failure)
        failure = logfile.replace(listed, result.keep);
    logfile.mark_sent();
    if (failure)
        log_.warning("truncate fast flush logfile {}: {}", file.name(), failure.message());
    logfile.unlock();
    if (result.announce)
        static_cast<void>(co_await queue_manager_.send(qmgr_request::scan_incoming));
    log_report(site, result);
    co_return !failure;
}

asio::awaitable<site_sender::report>
site_sender::move_all(const site_file& file, const std::string& lines, send_mode mode) {
    // qmgr(8) must forget dead destinations before it sees the first message, or it would defer
    // that one at once.
    if (mode == send_mode::unthrottle)
        static_cast<void>(co_await queue_manager_.send(qmgr_request::flush_dead));

    report result;
    result.announce = true; // as Postfix does, even when it turns out that nothing can be moved
    line_set seen(lines);
    const std::time_t now = std::time(nullptr);
    turn this_turn(context_);
    auto next_announcement = clock::now() + first_announcement;
    std::string_view rest = lines;
    while (!rest.empty()) {
        const auto line = take_line(rest);
        const auto id = queue_id::parse(line);
        if (!id) {
            if (result.bad++ == 0)
                log_.warning("bad queue id \"{}{}\" in fast flush logfile {}",
                             line.substr(0, longest_shown),
                             line.size() > longest_shown ? "..." : "", file.name());
        } else if (!seen.insert(line)) {
            ++result.duplicate;
        } else {
            switch (mover_.expedite(*id, now)) {
            case move_result::moved:
                ++result.moved;
                result.announce = true;
                break;
            case move_result::missing:
                ++result.missing;
                break;
            case move_result::failed:
                ++result.failed;
                result.keep.append(line).push_back('\n');
                break;
            }
        }
        if (rest.empty() || !this_turn.is_over())
            continue;
        if (result.announce && clock::now() >= next_announcement) {
            static_cast<void>(co_await queue_manager_.send(qmgr_request::scan_incoming));
            result.announce = false;
            next_announcement = clock::now() + announce_interval;
        }
        co_await this_turn.next();
    }
    co_return result;
}

void site_sender::log_report(const std::string& site, const report& result) {
    const std::chrono::duration<double> seconds = clock::now() - result.start;
    // Not "NAME: ...": log analysers would take a word before a colon for a queue ID.
    log_.info("flush site={}, moved={}, missing={}, duplicate={}, failed={}, seconds={:.3f}", site,
              result.moved, result.missing, result.duplicate, result.failed, seconds.count());
    if (result.bad > 1)
        log_.warning("{} bad queue ids in fast flush logfile of {}", result.bad, site);
}

} // namespace flushd
