#include "postfix_proto/master_service.hpp"

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/file_watch.hpp"
#include "postfix_proto/master_channel.hpp"
#include "postfix_proto/watchdog.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace postfix_proto {

namespace asio = boost::asio;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t smallest_client_limit = 8;

// How long to wait when the system is out of something.
constexpr std::chrono::seconds accept_pause{1};

// A file may be on a file system that inotify does not see (NFS).
constexpr std::chrono::seconds file_check_interval{1};
constexpr std::chrono::seconds pat_interval{1};
// Whoever edits a file may write it in several steps.
constexpr std::chrono::milliseconds file_settle_time{500};

std::size_t client_limit(std::size_t reserved_descriptors) {
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) < 0 || descriptors.rlim_cur == RLIM_INFINITY)
        return std::size_t{1} << 20U;
    if (descriptors.rlim_cur < reserved_descriptors + smallest_client_limit)
        return smallest_client_limit;
    return descriptors.rlim_cur - reserved_descriptors;
}

bool out_of_resources(int reason) {
    return reason == EMFILE || reason == ENFILE || reason == ENOBUFS || reason == ENOMEM;
}

asio::awaitable<void> sleep(asio::steady_timer& timer) {
    error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

} // namespace

master_service::master_service(asio::io_context& context, const master_service_settings& settings,
                               master_channel& master, logger& log)
    : context_(context), settings_(settings), master_(master), log_(log),
      request_deadlines_(context, settings.ipc_timeout), status_pipe_(context), inotify_(context),
      idle_timer_(context), room_timer_(context), last_work_(clock::now()),
      client_limit_(client_limit(settings.reserved_descriptors)) {
    work_.on_idle([this] {
        last_work_ = clock::now();
        finish_if_done();
    });
}

master_service::~master_service() = default;

void master_service::start(asio::awaitable<void> task, std::string_view what) {
    asio::co_spawn(context_, std::move(task), [this, what](const std::exception_ptr& failure) {
        if (!failure)
            return;
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& e) {
            log_.warning("{}: {}", what, e.what());
        }
    });
}

void master_service::retire_on_change(file_watch& files) {
    start(watch_files(files), "watch configuration");
    if (files.inotify_descriptor() >= 0) {
        inotify_.assign(::dup(files.inotify_descriptor()));
        start(watch_inotify(files), "watch configuration");
    }
}

void master_service::keep_awake(watchdog& dog) { start(pat(dog), "watchdog"); }

void master_service::run(client_handler handler) {
    handler_ = std::move(handler);
    watch_status_pipe();
    for (unsigned i = 0; i < settings_.socket_count; ++i) {
        const int descriptor = first_listen_descriptor + static_cast<int>(i);
        listeners_.emplace_back(context_, descriptor);
        listeners_.back().non_blocking(true);
    }
    accepting_ = listeners_.size();
    for (auto& listener : listeners_)
        start(accept_clients(listener), "accept connection");
    start(watch_master(), "status pipe");
    start(watch_idle(), "idle timer");
    context_.run();
}

void master_service::run_stdio(client_handler handler) {
    handler_ = std::move(handler);
    start(
        [](client_handler& serve_client, std::chrono::seconds limit,
           work_in_hand::piece) -> asio::awaitable<void> {
            stdio_connection client(limit);
            co_await serve_client(client);
        }(handler_, settings_.ipc_timeout, work_.start()),
        "client");
    retire("standard input is the client");
    context_.run();
}

asio::awaitable<void> master_service::accept_clients(listen_socket& listener) {
    while (!retiring_) {
        if (clients_.count() >= client_limit_) {
            co_await wait_for_room(EMFILE);
            continue;
        }
        file_descriptor client(
            ::accept4(listener.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (client) {
            start(serve(std::move(client), clients_.start(), work_.start()), "client");
            ++use_count_;
            if (settings_.max_use && use_count_ >= *settings_.max_use)
                retire("max_use reached");
        } else if (errno == EAGAIN) {
            error_code ignored; // retiring closes the socket
            co_await listener.async_wait(listen_socket::wait_read,
                                         asio::redirect_error(asio::use_awaitable, ignored));
        } else {
            co_await accept_failed(errno);
        }
    }
    // Not before here: a client may have been accepted in the very moment of retiring.
    --accepting_;
    finish_if_done();
}

asio::awaitable<void> master_service::accept_failed(int reason) {
    if (out_of_resources(reason)) {
        co_await wait_for_room(reason);
    } else if (reason != EINTR && reason != ECONNABORTED) { // the client has gone
        log_.error("accept connection: {}", errno_text(reason));
        room_timer_.expires_after(accept_pause);
        co_await sleep(room_timer_);
    }
}

asio::awaitable<void> master_service::wait_for_room(int why) {
    if (!full_)
        log_.warning("accept connection: {} -- {} clients are being served, others have to wait",
                     errno_text(why), clients_.count());
    full_ = true;
    room_timer_.expires_after(accept_pause);
    co_await sleep(room_timer_);
}

asio::awaitable<void> master_service::serve(file_descriptor client, work_in_hand::piece counted,
                                            work_in_hand::piece work) {
    const auto until_served = std::move(work);
    {
        const auto client_until_served = std::move(counted);
        socket_connection connection(context_, std::move(client), request_deadlines_);
        co_await handler_(connection);
    }
    // Half of the room must be free again before a full house is worth another line in the log.
    if (full_ && clients_.count() < client_limit_ / 2)
        full_ = false;
    if (full_)
        room_timer_.cancel();
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
    // Nothing ever comes through this pipe but its end.
    co_await status_pipe_.async_wait(asio::posix::stream_descriptor::wait_read,
                                     asio::redirect_error(asio::use_awaitable, error));
    retire("master disconnect");
}

asio::awaitable<void> master_service::pat(watchdog& dog) {
    asio::steady_timer timer(context_);
    while (true) {
        dog.pat();
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
    retiring_ = true;
    log_.debug("{} -- retiring", why);
    error_code ignored;
    for (auto& listener : listeners_)
        listener.close(ignored);
    if (work_.any() && !listeners_.empty())
        static_cast<void>(master_.notify(availability::taken));
    finish_if_done();
}

void master_service::finish_if_done() {
    if (retiring_ && accepting_ == 0 && !work_.any())
        context_.stop();
}

} // namespace postfix_proto
