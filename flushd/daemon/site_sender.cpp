#include "flushd/daemon/site_sender.hpp"

#include "postfix_proto/spawn.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <iterator>
#include <utility>

namespace flushd {

namespace asio = boost::asio;
using postfix_proto::qmgr_request;

namespace {

// How long a client waits for the end of a send. Its own patience (ipc_timeout) is an hour, but
// smtpd(8) has an SMTP client that waits for the answer to ETRN.
constexpr std::chrono::seconds longest_wait{1};

// Runs at a time. One after the other would do, were it not for logfiles that somebody has locked;
// the descriptors must be among those that the daemon keeps from its clients.
constexpr std::size_t most_runs = 32;

// Sends that are followed at a time after all their messages have been moved. Each is looked at
// once a second; of more than these nobody reads the log.
constexpr std::size_t most_followed = 1000;

// Of a probe. The record of the send itself tells what is to follow.
const send_pace one_message{.first = 1};

/// Their send may end meanwhile.
asio::awaitable<void> do_again(std::shared_ptr<delivery_follower> messages) {
    co_await messages->do_again();
}

} // namespace

/// One run that clients wait for.
struct site_sender::run {
    run(asio::io_context& context, unfinished_sends::entry what_to_send, send_mode send_how,
        std::optional<uid_t> user = std::nullopt)
        : what(std::move(what_to_send)), mode(send_how), account(what.site, user),
          done_or_late(context), told(context) {
        done_or_late.expires_after(longest_wait);
        told.expires_at(asio::steady_timer::time_point::max());
    }

    unfinished_sends::entry what;
    send_mode mode;
    send_account account;
    std::optional<unfinished_sends::record> record{}; // of a run that was recorded before
    bool success = true;                              // so far
    bool is_waiting = false;                          // for its share
    asio::steady_timer done_or_late;
    asio::steady_timer told;                        // cancelled when the outcome is known
    std::optional<followed_send::report> outcome{}; // nothing if nothing was moved
};

site_sender::site_sender(const daemon_context& daemon, logfile_store& store, queue_mover& mover,
                         postfix_proto::trigger_sender& queue_manager, unfinished_sends& unfinished,
                         const delivery_share::limits& most_in_delivery)
    : daemon_(daemon), store_(store), mover_(mover), queue_manager_(queue_manager),
      unfinished_(unfinished), share_(most_in_delivery), bounces_(mover.layout()),
      runs_(daemon.context, most_runs), cannot_open_(daemon.log) {}

site_sender::~site_sender() = default;

asio::awaitable<bool> site_sender::send(logfile_name file, std::string site, send_mode mode,
                                        std::optional<uid_t> user) {
    std::shared_ptr<run> mine;
    if (const auto found = busy_.find(file); found != busy_.end()) {
        auto& next = found->second.next;
        const bool is_waiting = found->second.current->is_waiting;
        if (is_waiting && mode == send_mode::refresh)
            co_return true; // its messages are on their way
        if (!next) {
            next = std::make_shared<run>(
                daemon_.context, unfinished_sends::entry{file, std::move(site)}, mode, user);
        } else if (mode == send_mode::unthrottle && next->mode == send_mode::refresh) {
            next->mode = mode;
            next->account = send_account(std::move(site), user);
        }
        mine = next;
        if (is_waiting) {
            // What is to follow may find the destination dead by now.
            static_cast<void>(co_await queue_manager_.send(qmgr_request::flush_dead |
                                                           qmgr_request::scan_incoming));
            co_return true;
        }
    } else {
        mine = std::make_shared<run>(daemon_.context,
                                     unfinished_sends::entry{file, std::move(site)}, mode, user);
        begin(file, mine);
    }
    boost::system::error_code ignored;
    co_await mine->done_or_late.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return mine->success;
}

void site_sender::begin(const logfile_name& file, std::shared_ptr<run> first) {
    const auto begun = busy_.emplace(file, site_state{std::move(first), nullptr}).first;
    try {
        postfix_proto::spawn(daemon_.context, work_off(file), daemon_.log,
                             "send fast flush logfile", daemon_.work.start(),
                             [this, file] { give_up(file); });
    } catch (...) {
        busy_.erase(begun); // or nobody could send the site any more
        throw;
    }
}

void site_sender::send_recorded(unfinished_sends::send recorded) {
    const auto file = recorded.what.file;
    const auto user = recorded.what.pace.user;
    auto asked = std::make_shared<run>(daemon_.context, std::move(recorded.what),
                                       send_mode::unthrottle, user);
    if (asked->what.tries > 1)
        asked->account.resumed();
    asked->record.emplace(std::move(recorded.kept));
    const auto found = busy_.find(file);
    if (found == busy_.end())
        begin(file, std::move(asked));
    else if (!found->second.next)
        found->second.next = std::move(asked);
    // Or the site is sent once more anyway, without a pause.
}

asio::awaitable<std::optional<followed_send::report>> site_sender::probe(logfile_name file,
                                                                         std::string site) {
    if (busy_.contains(file))
        co_return std::nullopt;
    const auto mine = std::make_shared<run>(
        daemon_.context, unfinished_sends::entry{file, std::move(site), one_message},
        send_mode::probe);
    begin(file, mine);
    boost::system::error_code ignored;
    co_await mine->told.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return mine->outcome;
}

asio::awaitable<void> site_sender::work_off(logfile_name file) {
    auto& state = busy_.at(file); // stays until the end of this
    while (true) {
        state.current->success = co_await work_off_one(file, state.current);
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
asio::awaitable<bool> site_sender::work_off_one(const logfile_name& file,
                                                std::shared_ptr<run> current) {
    try {
        site_run one(
            {daemon_, store_, mover_, queue_manager_, share_, bounces_, unfinished_, runs_,
             cannot_open_, permitted_},
            current->what, current->mode,
            [current] {
                current->is_waiting = true;
                current->done_or_late.cancel();
            },
            std::exchange(current->record, std::nullopt));
        const bool success = co_await one.carry_out();
        keep_account(one, current);
        co_return success;
    } catch (const std::exception& e) {
        daemon_.log.warning("send fast flush logfile {}: {}", file.name(), e.what());
        current->told.cancel();
    }
    // Some of the mail may have been moved.
    static_cast<void>(co_await queue_manager_.send(qmgr_request::scan_incoming));
    co_return false;
}

void site_sender::keep_account(site_run& ended, const std::shared_ptr<run>& asked) {
    auto messages = ended.take_follower();
    const bool is_recorded = ended.result() && asked->mode == send_mode::unthrottle;
    if (is_recorded)
        asked->account.moved(*ended.result());
    if (messages && followed_.size() < most_followed) {
        follow(std::move(messages), asked);
        return;
    }
    asked->told.cancel();
    if (!is_recorded)
        return;
    if (messages)
        messages->record(std::move(asked->account));
    else
        daemon_.history.add(std::move(asked->account).close());
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
        waiting->told.cancel();
    }
    busy_.erase(state);
}

void site_sender::follow(std::shared_ptr<delivery_follower> messages, std::shared_ptr<run> asked) {
    followed_.push_back({std::move(messages), std::move(asked)});
    const auto which = std::prev(followed_.end());
    postfix_proto::spawn(daemon_.context, follow_to_end(which), daemon_.log, "follow messages",
                         [this, which] {
                             which->asked->told.cancel();
                             followed_.erase(which);
                         });
}

asio::awaitable<void> site_sender::follow_to_end(std::list<followed>::iterator which) {
    co_await which->messages->follow_to_end();
    report(*which);
    which->asked->outcome = which->messages->result();
    which->asked->told.cancel();
    followed_.erase(which);
    if (followed_.empty() && busy_.empty())
        co_await daemon_.worker.run([this] { bounces_.stop(); });
}

void site_sender::permit_again() {
    for (const auto& one : permitted_) {
        auto messages = one.lock();
        if (!messages)
            continue;
        postfix_proto::spawn(daemon_.context, do_again(std::move(messages)), daemon_.log,
                             "permit messages again", daemon_.work.start());
    }
}

void site_sender::end() {
    for (auto& send : followed_)
        report(send);
}

void site_sender::report(followed& send) {
    send.messages->report();
    if (send.asked->mode == send_mode::unthrottle)
        send.messages->record(std::move(send.asked->account));
}

} // namespace flushd
