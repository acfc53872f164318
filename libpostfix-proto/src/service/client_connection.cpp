#include "postfix_proto/client_connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

namespace postfix_proto {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Large enough for any request.
constexpr std::size_t read_size = 4096;

error_code last_error() { return {errno, boost::system::system_category()}; }

/// Waits until the descriptor is ready for `events`.
error_code wait_for(int fd, short events, std::chrono::seconds limit) {
    pollfd entry{fd, events, 0};
    const auto milliseconds =
        std::min<std::chrono::milliseconds::rep>(std::chrono::milliseconds(limit).count(), INT_MAX);
    while (true) {
        const int ready = ::poll(&entry, 1, static_cast<int>(milliseconds));
        if (ready > 0)
            return {};
        if (ready == 0)
            return asio::error::timed_out;
        if (errno != EINTR)
            return last_error();
    }
}

/// Appends the bytes that have arrived; would_block if there are none.
error_code receive(int fd, std::string& input) {
    std::array<char, read_size> buffer;
    while (true) {
        const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (size > 0)
            input.append(buffer.data(), static_cast<std::size_t>(size));
        if (size > 0)
            return {};
        if (size == 0)
            return asio::error::eof;
        if (errno != EINTR)
            return last_error();
    }
}

/// Sends bytes of `output` and removes them; would_block if some are left.
error_code send(int fd, std::string_view& output) {
    while (!output.empty()) {
        const ssize_t size = ::send(fd, output.data(), output.size(), MSG_NOSIGNAL);
        if (size >= 0)
            output.remove_prefix(static_cast<std::size_t>(size));
        else if (errno != EINTR)
            return last_error();
    }
    return {};
}

} // namespace

socket_connection::socket_connection(asio::io_context& context, file_descriptor client,
                                     deadline_list& limits,
                                     std::optional<work_in_hand::piece> place)
    : context_(context), place_(std::move(place)), client_(std::move(client)), limits_(limits),
      deadline_(limits, [this](deadline_list::cause why) { return give_up(why); }) {}

bool socket_connection::give_up(deadline_list::cause why) {
    if (why == deadline_list::cause::gone)
        return leave_if_hung_up();
    if (why == deadline_list::cause::early && !reading_)
        return false;
    if (why == deadline_list::cause::closing && !idle_)
        return false;
    given_up_ = why == deadline_list::cause::passed ? error_code(asio::error::timed_out)
                                                    : asio::error::operation_aborted;
    error_code ignored;
    if (waiting_)
        waiting_->cancel(ignored);
    return true;
}

/// For use while the request is served: code that waits for the socket learns it from the event
/// loop. A client that has only finished sending still waits for its reply.
bool socket_connection::leave_if_hung_up() {
    if (!served_ || gone_)
        return false;
    pollfd entry{fd(), 0, 0};
    if (::poll(&entry, 1, 0) <= 0 || (entry.revents & POLLHUP) == 0)
        return false;
    gone_ = true;
    waiting_.reset();
    client_.reset();
    place_.reset();
    return true;
}

asio::awaitable<error_code> socket_connection::wait(descriptor::wait_type what) {
    error_code error;
    if (!waiting_)
        waiting_.emplace(context_, client_.release());
    co_await waiting_->async_wait(what, asio::redirect_error(asio::use_awaitable, error));
    co_return given_up_ ? given_up_ : error;
}

std::optional<uid_t> socket_connection::user() {
    ucred peer{};
    socklen_t size = sizeof peer;
    // Of a socket that is not local the user is -1.
    if (gone_ || ::getsockopt(fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
        peer.uid == static_cast<uid_t>(-1))
        return std::nullopt;
    return peer.uid;
}

asio::awaitable<error_code> socket_connection::read_some(std::string& input) {
    served_ = false;
    while (!given_up_ && !gone_) {
        const auto error = receive(fd(), input);
        if (error != asio::error::would_block) {
            idle_ = false;
            served_ = !error;
            co_return error;
        }
        if (!std::exchange(yielded_, true)) {
            // The client has just received the announcement. Serve others that are ready first; it
            // may have sent its request by then.
            co_await asio::post(context_, asio::use_awaitable);
            continue;
        }
        reading_ = true;
        const auto failure = co_await wait(descriptor::wait_read);
        reading_ = false;
        if (failure)
            co_return failure;
    }
    co_return gone_ ? error_code(asio::error::eof) : given_up_;
}

asio::awaitable<error_code> socket_connection::write(std::string_view output) {
    given_up_.clear();
    bool limited = false;
    while (!gone_) {
        const auto error = send(fd(), output);
        if (error != asio::error::would_block)
            co_return error;
        if (!std::exchange(limited, true))
            deadline_.restart();
        served_ = false;
        if (const auto failure = co_await wait(descriptor::wait_write))
            co_return failure;
    }
    co_return asio::error::broken_pipe;
}

void socket_connection::expect_request() {
    idle_ = true;
    deadline_.restart();
    if (limits_.closing())
        static_cast<void>(give_up(deadline_list::cause::closing));
}

asio::awaitable<error_code> stdio_connection::read_some(std::string& input) {
    if (const auto error = wait_for(STDIN_FILENO, POLLIN, limit_))
        co_return error;
    std::array<char, read_size> buffer;
    const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size < 0)
        co_return last_error();
    if (size == 0)
        co_return asio::error::eof;
    input.append(buffer.data(), static_cast<std::size_t>(size));
    co_return error_code{};
}

asio::awaitable<error_code> stdio_connection::write(std::string_view output) {
    while (!output.empty()) {
        if (const auto error = wait_for(STDOUT_FILENO, POLLOUT, limit_))
            co_return error;
        const ssize_t size = ::write(STDOUT_FILENO, output.data(), output.size());
        if (size < 0 && errno != EINTR)
            co_return last_error();
        if (size > 0)
            output.remove_prefix(static_cast<std::size_t>(size));
    }
    co_return error_code{};
}

} // namespace postfix_proto
