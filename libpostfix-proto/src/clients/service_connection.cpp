#include "postfix_proto/service_connection.hpp"

#include "async/backoff.hpp"
#include "async/connect_now.hpp"
#include "clients/service_failures.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

namespace postfix_proto {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

using clock = std::chrono::steady_clock;
using reason = service_failure::reason;
using outcome = service_connection::outcome;

} // namespace

/// Shared by the connection and its steps, because the connection may be destroyed before a step
/// ends, or even begins.
struct service_connection::state {
    using pointer = std::shared_ptr<state>;
    class time_limit;

    state(asio::io_context& loop, std::string where) : context(loop), path(std::move(where)) {}

    static asio::awaitable<outcome> connect(pointer self);
    static asio::awaitable<outcome> send(pointer self, std::string bytes);
    static asio::awaitable<outcome> receive(pointer self, std::string& input);

    [[nodiscard]] bool is_expired() const { return clock::now() >= deadline; }

    /// Why a step was interrupted. `before` is the value of `closings` when the step began.
    [[nodiscard]] service_failure interruption(std::string_view step, unsigned before) const {
        if (closings != before)
            return client_closed_failure(step, path);
        return is_expired() ? timed_out_failure(step, path) : cancelled_failure(step, path);
    }

    [[nodiscard]] bool is_open() const { return socket && socket->is_open(); }

    void close() {
        error_code ignored;
        ++closings;
        if (socket)
            socket->close(ignored);
    }

    /// Makes one attempt, without waiting.
    error_code try_to_connect() {
        error_code error;
        try {
            // Here and not in the constructor: for its first timer or socket, an io_context opens
            // descriptors of its own, and throws if it cannot.
            if (!timer)
                timer.emplace(context);
            socket.emplace(context);
        } catch (const boost::system::system_error& failure) {
            return failure.code();
        }
        socket->open(stream_protocol(), error);
        if (!error)
            socket->non_blocking(true, error);
        if (!error)
            error = connect_now(socket->native_handle(), path);
        return error;
    }

    asio::io_context& context;
    std::string path;
    std::optional<stream_protocol::socket> socket;
    std::optional<asio::steady_timer> timer;
    clock::time_point deadline = clock::time_point::max();
    unsigned closings = 0; // how often close() was called
    bool is_destroyed = false;
    std::array<char, 16384> buffer;
};

/// Interrupts the socket's step at the deadline, unless it is destroyed before.
class service_connection::state::time_limit {
public:
    explicit time_limit(const pointer& s) : timer_(*s->timer) {
        timer_.expires_at(s->deadline);
        timer_.async_wait([weak = std::weak_ptr<state>(s)](const error_code& error) {
            // A handler that is queued already can no longer be cancelled, and gets no error. By
            // then a later step may have a later deadline.
            const auto target = weak.lock();
            if (error || !target || clock::now() < target->deadline)
                return;
            error_code ignored;
            target->socket->cancel(ignored);
        });
    }
    ~time_limit() { timer_.cancel(); }
    time_limit(const time_limit&) = delete;
    time_limit& operator=(const time_limit&) = delete;

private:
    asio::steady_timer& timer_;
};

asio::awaitable<outcome> service_connection::state::connect(pointer self) {
    if (self->is_destroyed)
        co_return client_closed_failure("connect", self->path);
    const auto closings = self->closings;
    std::optional<backoff> delay;
    for (;;) {
        const auto error = self->try_to_connect();
        if (!error)
            co_return std::nullopt;
        if (error != asio::error::would_block && error != asio::error::try_again)
            co_return connect_failure(error, self->path);
        if (!delay)
            delay.emplace(self->context, self->deadline);
        const bool has_time = co_await delay->pause();
        if (!has_time || delay->is_interrupted() || self->closings != closings)
            co_return self->interruption("connect", closings);
    }
}

asio::awaitable<outcome> service_connection::state::send(pointer self, std::string bytes) {
    const auto closings = self->closings;
    if (self->is_expired())
        co_return timed_out_failure("write", self->path);
    if (!self->is_open())
        co_return client_closed_failure("write", self->path);
    const time_limit limit(self);
    error_code error;
    co_await asio::async_write(*self->socket, asio::buffer(bytes),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted || self->closings != closings)
        co_return self->interruption("write", closings);
    if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset)
        co_return service_failure{reason::closed,
                                  fmt::format("write {}: {}", self->path, error.message())};
    co_return std::nullopt;
}

asio::awaitable<outcome> service_connection::state::receive(pointer self, std::string& input) {
    const auto closings = self->closings;
    if (self->is_expired())
        co_return timed_out_failure("read", self->path);
    if (!self->is_open())
        co_return client_closed_failure("read", self->path);
    const time_limit limit(self);
    error_code error;
    const auto size = co_await self->socket->async_read_some(
        asio::buffer(self->buffer), asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted || self->closings != closings)
        co_return self->interruption("read", closings);
    if (error == asio::error::eof || error == asio::error::connection_reset)
        co_return service_failure{reason::closed,
                                  fmt::format("unexpected end of input from {}", self->path)};
    if (error)
        co_return service_failure{reason::closed,
                                  fmt::format("read {}: {}", self->path, error.message())};
    input.append(self->buffer.data(), size);
    co_return std::nullopt;
}

service_connection::service_connection(asio::io_context& context, std::string path)
    : state_(std::make_shared<state>(context, std::move(path))) {}

service_connection::~service_connection() {
    state_->is_destroyed = true;
    state_->close();
}

void service_connection::expires_after(std::chrono::milliseconds limit) {
    expires_at(deadline_after(limit));
}

void service_connection::expires_at(clock::time_point end) { state_->deadline = end; }

asio::awaitable<outcome> service_connection::connect() { return state::connect(state_); }

asio::awaitable<outcome> service_connection::send(std::string bytes) {
    return state::send(state_, std::move(bytes));
}

asio::awaitable<outcome> service_connection::receive(std::string& input) {
    return state::receive(state_, input);
}

void service_connection::close() { state_->close(); }

bool service_connection::is_quiet() const {
    if (!state_->is_open())
        return false;
    char byte = 0;
    const auto size =
        ::recv(state_->socket->native_handle(), &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);
    return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

service_failure service_connection::malformed(std::string_view detail) const {
    return {reason::malformed, fmt::format("malformed response from {}: {}", state_->path, detail)};
}

service_failure service_connection::cancelled() const {
    return cancelled_failure("request", state_->path);
}

service_failure service_connection::client_closed() const {
    return client_closed_failure("request", state_->path);
}

} // namespace postfix_proto
