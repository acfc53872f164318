#include "postfix_proto/client_connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace postfix_proto {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Any request fits; so does every pipe and socket buffer's idea of a small read.
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

} // namespace

socket_connection::socket_connection(socket client, deadline_list& limits)
    : socket_(std::move(client)),
      deadline_(limits, [this](deadline_list::cause why) { return give_up(why); }) {}

bool socket_connection::give_up(deadline_list::cause why) {
    if (why == deadline_list::cause::early && !reading_)
        return false;
    given_up_ = why == deadline_list::cause::early ? asio::error::operation_aborted
                                                   : error_code(asio::error::timed_out);
    error_code ignored;
    socket_.cancel(ignored);
    return true;
}

asio::awaitable<error_code> socket_connection::read_some(std::string& input) {
    if (given_up_)
        co_return given_up_;
    std::array<char, read_size> buffer;
    error_code error;
    reading_ = true;
    const auto size = co_await socket_.async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    reading_ = false;
    input.append(buffer.data(), size);
    co_return given_up_ ? given_up_ : error;
}

asio::awaitable<error_code> socket_connection::write(std::string_view output) {
    given_up_.clear();
    deadline_.restart();
    error_code error;
    co_await asio::async_write(socket_, asio::buffer(output.data(), output.size()),
                               asio::redirect_error(asio::use_awaitable, error));
    co_return given_up_ ? given_up_ : error;
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
