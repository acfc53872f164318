#include "postfix_proto/master_service.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/file_watch.hpp"
#include "postfix_proto/master_channel.hpp"
#include "postfix_proto/spawn.hpp"
#include "postfix_proto/watchdog.hpp"
#include "postfix_proto/worker_thread.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <string>
#include <utility>

namespace postfix_proto {

namespace asio = boost::asio;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

namespace {

// A file may be on a file system that inotify does not see (NFS).
constexpr std::chrono::seconds file_check_interval{1};
constexpr std::chrono::seconds pat_interval{1};
// An editor may write a file in several steps. And Postfix programs, including postconf(1), wait
// until main.cf is two seconds old before they trust its content (util/dict.c, Postfix 3.7): if the
// next process were started earlier, its clients would have to wait.
constexpr std::chrono::milliseconds file_settle_time{2000};

asio::awaitable<void> sleep(asio::steady_timer& timer) {
    error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

} // namespace

master_service::master_service(asio::io_context& context, const master_service_settings& settings,
                               master_channel& master, logger& log)
    : context_(context), settings_(settings), master_(master), log_(log),
      listener_(context, settings.ipc_timeout, settings.reserved_descriptors, work_, log),
      status_pipe_(context), inotify_(context), idle_timer_(context), last_work_(clock::now()) {
    work_.on_idle([this] {
        last_work_ = clock::now();
        finish_if_done();
    });
}

master_service::~master_service() = default;

void master_service::retire_on_change(file_watch& files) {
    files_ = &files;
    spawn_loop(
        context_, [this, &files] { return watch_files(files); }, log_, "watch configuration");
    if (files.inotify_descriptor() >= 0) {
        inotify_.assign(::dup(files.inotify_descriptor()));
        spawn_loop(
            context_, [this, &files] { return watch_inotify(files); }, log_, "watch configuration");
    }
}

void master_service::keep_awake(watchdog& dog) {
    dog_ = &dog;
    spawn_loop(
        context_, [this] { return pat(); }, log_, "watchdog");
}

void master_service::run(client_handler handler) {
    watch_status_pipe();
    listener_.start(first_listen_descriptor, settings_.socket_count, std::move(handler),
                    {[this] {
                         if (settings_.max_use && ++use_count_ >= *settings_.max_use)
                             retire("max_use reached");
                     },
                     [this] { say_once_that_it_was_used(); }, [this] { finish_if_done(); }});
    spawn_loop(
        context_, [this] { return watch_master(); }, log_, "status pipe");
    spawn_loop(
        context_, [this] { return watch_idle(); }, log_, "idle timer");
    context_.run();
}

void master_service::run_stdio(client_handler handler) {
    const auto serve = [&handler](std::chrono::seconds limit) -> asio::awaitable<void> {
        stdio_connection client(limit);
        co_await handler(client);
    };
    spawn(context_, serve(settings_.ipc_timeout), log_, "client", work_.start());
    retiring_ = true; // it serves a single client
    context_.run();
}

void master_service::watch_status_pipe() {
    // Asio makes a descriptor that it waits for non-blocking. The status pipe is shared with stock
    // siblings that expect it to block, so it is watched through an epoll descriptor of our own.
    file_descriptor watcher(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event interest{};
    interest.events = EPOLLIN;
    if (!watcher || ::epoll_ctl(watcher.get(), EPOLL_CTL_ADD, master_.descriptor(), &interest) < 0)
        throw startup_error("watch the status pipe to master: " + errno_text(errno));
    status_pipe_.assign(watcher.release());
}

asio::awaitable<void> master_service::watch_master() {
    error_code error;
    // master(8) sends nothing on this pipe, but closes it.
    co_await status_pipe_.async_wait(asio::posix::stream_descriptor::wait_read,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (on_master_gone_ && !handed_over_) {
        try {
            on_master_gone_();
        } catch (...) {
            log_exception(log_, "status pipe", std::current_exception());
        }
    }
    retire("master disconnect");
    co_await hand_over();
}

void master_service::say_once_that_it_was_used() {
    // Not earlier: master would start a sibling for a client that waits.
    if (!std::exchange(said_that_it_was_used_, true))
        static_cast<void>(master_.notify_used());
}

asio::awaitable<void> master_service::pat() {
    asio::steady_timer timer(context_);
    while (true) {
        bool all_well = listener_.keeps_up();
        for (auto* const worker : workers_)
            all_well = !worker->is_stuck() && all_well;
        if (all_well)
            dog_->pat();
        timer.expires_after(pat_interval);
        co_await sleep(timer);
    }
}

asio::awaitable<void> master_service::watch_idle() {
    while (!retiring_) {
        const auto end = last_work_ + settings_.max_idle;
        if (!work_.any() && clock::now() >= end) {
            retire("idle timeout");
            break;
        }
        idle_timer_.expires_at(work_.any() ? clock::now() + settings_.max_idle : end);
        co_await sleep(idle_timer_);
    }
}

asio::awaitable<void> master_service::watch_files(file_watch& files) {
    asio::steady_timer timer(context_);
    do {
        timer.expires_after(file_check_interval);
        co_await sleep(timer);
        if (retiring_)
            co_return;
    } while (!files.changed());
    co_await retire_when_settled(files);
}

asio::awaitable<void> master_service::watch_inotify(file_watch& files) {
    do {
        error_code error;
        co_await inotify_.async_wait(asio::posix::stream_descriptor::wait_read,
                                     asio::redirect_error(asio::use_awaitable, error));
        if (error)
            co_return;
    } while (!files.drain_inotify());
    co_await retire_when_settled(files);
}

asio::awaitable<void> master_service::retire_when_settled(file_watch& files) {
    asio::steady_timer timer(context_);
    do {
        timer.expires_after(file_settle_time);
        co_await sleep(timer);
    } while (files.drain_inotify());
    retire("configuration has changed");
}

void master_service::retire(std::string_view why) {
    if (retiring_)
        return;
    log_.debug("{} -- retiring", why);
    if (settings_.is_limited && work_.any())
        spawn_loop(
            context_, [this] { return hand_over(); }, log_, "hand over");
    retiring_ = true;
    listener_.close();
    if (work_.any())
        static_cast<void>(master_.notify(availability::taken));
    finish_if_done();
}

void master_service::finish_if_done() {
    if (retiring_ && listener_.closed() && !work_.any())
        context_.stop();
}

} // namespace postfix_proto
