#include "postfix_proto/trigger.hpp"

#include "backoff.hpp"
#include "connect_now.hpp"
#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/run_blocking.hpp"
#include "postfix_proto/spawn.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

namespace postfix_proto {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

using clock = std::chrono::steady_clock;

// Postfix gives the service so much more than the trigger's own time limit to close the
// connection.
constexpr std::chrono::seconds patience_for_close{100};

} // namespace

trigger_sender::trigger_sender(asio::io_context& context, std::string path,
                               std::chrono::seconds timeout, work_in_hand& work, logger& log)
    : context_(context), path_(std::move(path)), timeout_(timeout),
      close_deadlines_(context, timeout + patience_for_close), work_(work), log_(log) {}

asio::awaitable<bool> trigger_sender::send(qmgr_request request) {
    const char byte = static_cast<char>(request);
    struct stat status {};
    if (::stat(path_.c_str(), &status) < 0) {
        log_.warning("unable to look up {}: {}", path_, errno_text(errno));
        co_return false;
    }
    if (S_ISFIFO(status.st_mode))
        co_return co_await send_to_fifo(byte);
    if (S_ISSOCK(status.st_mode))
        co_return co_await send_to_socket(byte);
    log_.warning("{} is not a socket or a fifo", path_);
    co_return false;
}

asio::awaitable<bool> trigger_sender::send_to_socket(char request) {
    stream_protocol::socket connection(context_);
    error_code error;
    backoff delay(context_, clock::now() + timeout_);
    while (true) {
        connection.open(stream_protocol(), error);
        if (!error)
            connection.non_blocking(true, error);
        if (!error)
            error = connect_now(connection.native_handle(), path_);
        if (error != asio::error::would_block && error != asio::error::try_again)
            break;
        error_code ignored;
        connection.close(ignored);
        if (!co_await delay.pause())
            break;
    }
    if (!error) {
        const std::array<char, 2> message{request, '\0'};
        // A new connection's buffer is empty, so this does not block.
        connection.send(asio::buffer(message), 0, error);
    }
    if (error) {
        log_.debug("connect to {}: {}", path_, error.message());
        co_return false;
    }
    spawn(context_, wait_for_close(std::move(connection), work_.start()), log_, "trigger");
    co_return true;
}

asio::awaitable<void> trigger_sender::wait_for_close(stream_protocol::socket connection,
                                                     work_in_hand::piece work) {
    const work_in_hand::piece until_closed = std::move(work);
    bool timed_out = false;
    const deadline_list::deadline limit(close_deadlines_, [&](deadline_list::cause) {
        timed_out = true;
        error_code ignored;
        connection.cancel(ignored);
        return true;
    });
    std::array<char, 1> byte{};
    error_code error;
    co_await connection.async_receive(asio::buffer(byte),
                                      asio::redirect_error(asio::use_awaitable, error));
    if (timed_out)
        log_.warning("read timeout for service {}", path_);
}

asio::awaitable<bool> trigger_sender::send_to_fifo(char request) {
    // Without a reader this fails at once with ENXIO. No link is followed and no other file hit.
    const file_descriptor fifo(
        ::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!fifo) {
        log_.debug("open {}: {}", path_, errno_text(errno));
        co_return false;
    }
    backoff delay(context_, clock::now() + timeout_);
    while (true) {
        if (::write(fifo.get(), &request, 1) == 1)
            co_return true;
        const int reason = errno;
        if (reason == EINTR)
            continue;
        if ((reason != EAGAIN && reason != EWOULDBLOCK) || !co_await delay.pause()) {
            log_.debug("write {}: {}", path_, errno_text(reason));
            co_return false;
        }
    }
}

bool send_trigger(qmgr_request request, std::string path, std::chrono::seconds timeout,
                  logger& log) {
    asio::io_context context(1);
    work_in_hand work;
    trigger_sender sender(context, std::move(path), timeout, work, log);
    return run_blocking(context, sender.send(request));
}

} // namespace postfix_proto
