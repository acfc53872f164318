#include "postfix_proto/service_connection.hpp"

#include "backoff.hpp"
#include "connect_now.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace postfix_proto {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

using clock = std::chrono::steady_clock;
using reason = service_failure::reason;

// More than any limit that means something, and adding it to now does not overflow.
constexpr std::chrono::hours longest_limit{24 * 365};

} // namespace

struct service_connection::state {
    explicit state(asio::io_context& context) : socket(context), timer(context) {}

    stream_protocol::socket socket;
    asio::steady_timer timer;
    clock::time_point deadline = clock::time_point::max();
    std::array<char, 16384> buffer;
};

/// Interrupts the socket's step when the time is up, for as long as it exists.
class service_connection::time_limit {
public:
    explicit time_limit(state& s, std::weak_ptr<state> weak) : timer_(s.timer) {
        timer_.expires_at(s.deadline);
        timer_.async_wait([weak = std::move(weak)](const error_code& error) {
            // Without an error it may still come too late to be cancelled.
            const auto target = weak.lock();
            if (error || !target || clock::now() < target->deadline)
                return;
            error_code ignored;
            target->socket.cancel(ignored);
        });
    }
    ~time_limit() { timer_.cancel(); }
    time_limit(const time_limit&) = delete;
    time_limit& operator=(const time_limit&) = delete;

private:
    asio::steady_timer& timer_;
};

service_connection::service_connection(asio::io_context& context, std::string path)
    : context_(context), path_(std::move(path)), state_(std::make_shared<state>(context)) {}

service_connection::~service_connection() = default;

void service_connection::expires_after(std::chrono::milliseconds limit) {
    state_->deadline = limit < longest_limit ? clock::now() + limit : clock::time_point::max();
}

bool service_connection::is_expired() const { return clock::now() >= state_->deadline; }

service_failure service_connection::timed_out(std::string_view step) const {
    return {reason::timed_out, fmt::format("{} timeout on {}", step, path_)};
}

service_failure service_connection::malformed(std::string_view detail) const {
    return {reason::malformed, fmt::format("malformed response from {}: {}", path_, detail)};
}

asio::awaitable<service_connection::outcome> service_connection::connect() {
    auto& socket = state_->socket;
    backoff delay(context_, state_->deadline);
    error_code error;
    for (;;) {
        error_code ignored;
        socket.close(ignored);
        socket.open(stream_protocol(), error);
        if (!error)
            socket.non_blocking(true, error);
        if (!error)
            error = connect_now(socket.native_handle(), path_);
        if (!error)
            co_return std::nullopt;
        if (error != asio::error::would_block && error != asio::error::try_again)
            break;
        const bool has_time = co_await delay.pause();
        if (!has_time)
            co_return timed_out("connect");
    }
    const auto text = fmt::format("connect to {}: {}", path_, error.message());
    if (error == boost::system::errc::permission_denied ||
        error == boost::system::errc::operation_not_permitted)
        co_return service_failure{reason::forbidden, text};
    co_return service_failure{reason::unreachable, fmt::format("mail system is down ({})", text)};
}

asio::awaitable<service_connection::outcome> service_connection::send(std::string bytes) {
    if (is_expired())
        co_return timed_out("write");
    const time_limit limit(*state_, state_);
    error_code error;
    co_await asio::async_write(state_->socket, asio::buffer(bytes),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted)
        co_return timed_out("write");
    if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset)
        co_return service_failure{reason::closed,
                                  fmt::format("write {}: {}", path_, error.message())};
    co_return std::nullopt;
}

asio::awaitable<service_connection::outcome> service_connection::receive(std::string& input) {
    if (is_expired())
        co_return timed_out("read");
    const time_limit limit(*state_, state_);
    error_code error;
    const auto size = co_await state_->socket.async_read_some(
        asio::buffer(state_->buffer), asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted)
        co_return timed_out("read");
    if (error == asio::error::eof || error == asio::error::connection_reset)
        co_return service_failure{reason::closed,
                                  fmt::format("unexpected end of input from {}", path_)};
    if (error)
        co_return service_failure{reason::closed,
                                  fmt::format("read {}: {}", path_, error.message())};
    input.append(state_->buffer.data(), size);
    co_return std::nullopt;
}

void service_connection::close() {
    error_code ignored;
    state_->socket.close(ignored);
}

bool service_connection::is_quiet() const {
    char byte = 0;
    const auto size =
        ::recv(state_->socket.native_handle(), &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);
    return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

} // namespace postfix_proto
