#include "postfix_proto/client_listener.hpp"

#include "postfix_proto/errors.hpp"
#include "postfix_proto/spawn.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace postfix_proto {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// How long to wait when the system is short of a resource.
constexpr std::chrono::seconds accept_pause{1};

std::size_t client_limit(std::size_t reserved_descriptors) {
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) < 0 || descriptors.rlim_cur == RLIM_INFINITY)
        return std::size_t{1} << 20U;
    if (descriptors.rlim_cur < 2 * reserved_descriptors)
        return descriptors.rlim_cur / 2;
    return descriptors.rlim_cur - reserved_descriptors;
}

bool out_of_resources(int reason) {
    return reason == EMFILE || reason == ENFILE || reason == ENOBUFS || reason == ENOMEM;
}

} // namespace

client_listener::client_listener(asio::io_context& context, std::chrono::seconds request_time,
                                 std::size_t reserved_descriptors, work_in_hand& work, logger& log)
    : context_(context), work_(work), log_(log), request_deadlines_(context, request_time),
      pause_timer_(context), client_limit_(client_limit(reserved_descriptors)) {
    accepting_.on_idle([this] {
        if (closing_)
            tell_.on_closed();
    });
}

void client_listener::start(int first, unsigned count, client_handler handler, events tell) {
    handler_ = std::move(handler);
    tell_ = std::move(tell);
    for (int descriptor = first; descriptor < first + static_cast<int>(count); ++descriptor) {
        listeners_.push_back({asio::posix::stream_descriptor(context_, descriptor)});
        listeners_.back().socket.non_blocking(true);
    }
    for (auto& each : listeners_)
        spawn_loop(
            context_, [this, &each] { return accept_clients(each); }, log_, "accept connection");
}

void client_listener::close() {
    closing_ = true;
    error_code ignored;
    for (auto& each : listeners_)
        each.socket.close(ignored);
    pause_timer_.cancel();
    request_deadlines_.close();
}

bool client_listener::keeps_up() {
    return closing_ || std::all_of(listeners_.begin(), listeners_.end(), [](listener& each) {
               pollfd clients{each.socket.native_handle(), POLLIN, 0};
               return std::exchange(each.has_accepted, false) || ::poll(&clients, 1, 0) <= 0;
           });
}

asio::awaitable<void> client_listener::accept_clients(listener& from) {
    const auto until_ended = accepting_.start();
    while (!closing_) {
        if (clients_.count() >= client_limit_) {
            co_await make_room();
            continue;
        }
        file_descriptor client(
            ::accept4(from.socket.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (client) {
            from.has_accepted = true;
            spawn(context_, serve(std::move(client), clients_.start()), log_, "client",
                  work_.start());
            tell_.on_client();
        } else if (errno == EAGAIN) {
            tell_.on_caught_up();
            error_code ignored; // close() ends this
            co_await from.socket.async_wait(asio::posix::stream_descriptor::wait_read,
                                            asio::redirect_error(asio::use_awaitable, ignored));
        } else {
            co_await accept_failed(errno);
        }
    }
}

asio::awaitable<void> client_listener::accept_failed(int reason) {
    if (reason == EINTR || reason == ECONNABORTED) // the client has gone
        co_return;
    if (out_of_resources(reason))
        say_full(errno_text(reason));
    else
        log_.error("accept connection: {}", errno_text(reason));
    co_await pause();
}

asio::awaitable<void> client_listener::make_room() {
    say_full("Too many open files");
    if (request_deadlines_.expire_one_early())
        co_await asio::post(context_, asio::use_awaitable); // the closed client ends meanwhile
    else
        co_await pause();
}

void client_listener::say_full(const std::string& why) {
    if (!said_full_)
        log_.warning("accept connection: {} -- {} clients are connected; silent ones are closed, "
                     "or new ones wait",
                     why, clients_.count());
    said_full_ = true;
}

asio::awaitable<void> client_listener::pause() {
    pause_timer_.expires_after(accept_pause);
    error_code ignored;
    co_await pause_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> client_listener::serve(file_descriptor client, work_in_hand::piece counted) {
    {
        socket_connection connection(context_, std::move(client), request_deadlines_,
                                     std::move(counted));
        co_await handler_(connection);
    }
    if (said_full_) {
        pause_timer_.cancel();
        // Log again only after half of the places have been free in between.
        said_full_ = clients_.count() > client_limit_ / 2;
    }
}

} // namespace postfix_proto
