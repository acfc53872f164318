#include "postfix_proto/trigger.hpp"

#include "async/backoff.hpp"
#include "async/connect_now.hpp"
#include "clients/service_failures.hpp"
#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/run_blocking.hpp"
#include "postfix_proto/spawn.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <optional>

namespace postfix_proto {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

using clock = std::chrono::steady_clock;

// When the trigger's own time limit is over, Postfix gives the service this much more time to close
// the connection (Postfix 3.7: util/unix_trigger.c).
constexpr std::chrono::seconds patience_for_close{100};

using outcome = std::optional<service_failure>;

asio::awaitable<outcome> write_to_fifo(asio::io_context& context, const std::string& path,
                                       std::string letters, clock::time_point deadline) {
    // Fails at once with ENXIO if there is no reader. Links are not followed: the letters must not
    // go to another file.
    const file_descriptor fifo(
        ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC));
    if (!fifo)
        co_return connect_failure({errno, boost::system::system_category()}, path);
    backoff delay(context, deadline);
    while (true) {
        // A pipe accepts so few bytes completely or not at all.
        if (::write(fifo.get(), letters.data(), letters.size()) >= 0)
            co_return std::nullopt;
        const int reason = errno;
        if (reason == EINTR)
            continue;
        if (reason != EAGAIN && reason != EWOULDBLOCK)
            co_return connect_failure({reason, boost::system::system_category()}, path);
        if (!co_await delay.pause())
            co_return timed_out_failure("write", path);
    }
}

/// Sends the message, and waits until the service has read it and closes the connection.
asio::awaitable<outcome> hand_over(service_connection& service, std::string message) {
    auto failure = co_await service.connect();
    if (!failure)
        failure = co_await service.send(std::move(message));
    std::string ignored;
    while (!failure) {
        failure = co_await service.receive(ignored);
        if (failure && failure->why == service_failure::reason::closed)
            co_return std::nullopt;
    }
    co_return failure;
}

} // namespace

std::string qmgr_requests::letters() const {
    std::string result;
    for (const auto one : {qmgr_request::flush_dead, qmgr_request::scan_all,
                           qmgr_request::scan_deferred, qmgr_request::scan_incoming})
        if (include(one))
            result += static_cast<char>(one);
    return result;
}

/// One connection to the service.
struct trigger_sender::trigger {
    trigger(asio::io_context& context, std::list<std::weak_ptr<trigger>>& list, qmgr_requests what)
        : requests(what), connection(context),
          settled(context, asio::steady_timer::time_point::max()), list_(list),
          entry_(list.emplace(list.end())) {}
    trigger(const trigger&) = delete;
    trigger& operator=(const trigger&) = delete;
    ~trigger() { list_.erase(entry_); }

    void enlist(const std::shared_ptr<trigger>& self) { *entry_ = self; }

    void settle(bool success) {
        was_written = success;
        settled.cancel();
    }

    /// Whether the service has not read the bytes yet. Whether the connection is open does not say
    /// so: the service reads the bytes, acts on them, and only then closes the connection.
    [[nodiscard]] bool is_unread() {
        if (!was_written)
            return true;
        int size = 0;
        return *was_written && ::ioctl(connection.native_handle(), SIOCOUTQ, &size) == 0 &&
               size > 0;
    }

    qmgr_requests requests;
    stream_protocol::socket connection;
    std::optional<bool> was_written; // nothing during the attempt
    asio::steady_timer settled;      // cancelled when there is a result

private:
    std::list<std::weak_ptr<trigger>>& list_;
    std::list<std::weak_ptr<trigger>>::iterator entry_;
};

trigger_sender::trigger_sender(asio::io_context& context, std::string path,
                               std::chrono::seconds timeout, work_in_hand& work, logger& log)
    : context_(context), path_(std::move(path)), timeout_(timeout),
      close_deadlines_(context, timeout + patience_for_close), work_(work), log_(log),
      cannot_tell_(log), not_taken_(log) {}

asio::awaitable<bool> trigger_sender::send(qmgr_requests requests) {
    struct stat status {};
    if (::stat(path_.c_str(), &status) < 0) {
        cannot_tell_("unable to look up {}: {}", path_, errno_text(errno));
        co_return false;
    }
    if (S_ISFIFO(status.st_mode))
        co_return co_await send_to_fifo(requests.letters());
    if (S_ISSOCK(status.st_mode))
        co_return co_await send_to_socket(requests);
    cannot_tell_("{} is not a socket or a fifo", path_);
    co_return false;
}

std::shared_ptr<trigger_sender::trigger> trigger_sender::find_unread(qmgr_requests requests) const {
    for (const auto& entry : under_way_)
        if (auto one = entry.lock(); one && one->requests.include(requests) && one->is_unread())
            return one;
    return nullptr;
}

asio::awaitable<bool> trigger_sender::send_to_socket(qmgr_requests requests) {
    if (const auto waiting = find_unread(requests)) {
        error_code ignored;
        while (!waiting->was_written)
            co_await waiting->settled.async_wait(
                asio::redirect_error(asio::use_awaitable, ignored));
        co_return *waiting->was_written;
    }
    const auto one = std::make_shared<trigger>(context_, under_way_, requests);
    one->enlist(one);
    // Other senders may wait for this trigger. If something throws, they must not wait forever.
    struct outcome {
        trigger& one;
        bool success = false;
        ~outcome() { one.settle(success); }
    };
    {
        outcome result{*one};
        auto error = co_await connect(*one);
        if (!error) {
            const std::string message = requests.letters() + '\0';
            // A new connection's buffer is empty, so this does not block.
            one->connection.send(asio::buffer(message), 0, error);
        }
        if (error) {
            log_.debug("connect to {}: {}", path_, error.message());
            co_return false;
        }
        result.success = true;
    }
    spawn(context_, wait_for_close(one), log_, "trigger", work_.start());
    co_return true;
}

/// Tries again after an error that may pass: the service's backlog is full, or there is a lack of
/// descriptors or memory.
asio::awaitable<error_code> trigger_sender::connect(trigger& one) {
    namespace errc = boost::system::errc;
    backoff delay(context_, clock::now() + timeout_);
    error_code error;
    while (true) {
        one.connection.open(stream_protocol(), error);
        if (!error)
            one.connection.non_blocking(true, error);
        if (!error)
            error = connect_now(one.connection.native_handle(), path_);
        const bool helps_to_wait =
            error == errc::resource_unavailable_try_again || error == errc::too_many_files_open ||
            error == errc::too_many_files_open_in_system || error == errc::no_buffer_space ||
            error == errc::not_enough_memory;
        if (!helps_to_wait)
            co_return error;
        error_code ignored;
        one.connection.close(ignored);
        if (!co_await delay.pause())
            co_return error;
    }
}

asio::awaitable<void> trigger_sender::wait_for_close(std::shared_ptr<trigger> one) {
    const auto kept = std::move(one);
    bool timed_out = false;
    const deadline_list::deadline limit(close_deadlines_, [&](deadline_list::cause) {
        timed_out = true;
        error_code ignored;
        kept->connection.cancel(ignored);
        return true;
    });
    std::array<char, 1> byte{};
    error_code error;
    co_await kept->connection.async_receive(asio::buffer(byte),
                                            asio::redirect_error(asio::use_awaitable, error));
    if (timed_out)
        not_taken_("read timeout for service {}", path_);
}

asio::awaitable<bool> trigger_sender::send_to_fifo(std::string requests) {
    const auto failure =
        co_await write_to_fifo(context_, path_, std::move(requests), clock::now() + timeout_);
    if (failure)
        log_.debug("{}", failure->text);
    co_return !failure;
}

std::optional<service_failure> send_trigger(qmgr_requests requests, std::string path,
                                            std::chrono::milliseconds limit) {
    asio::io_context context(1);
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode))
        return run_blocking(
            context, write_to_fifo(context, path, requests.letters(), deadline_after(limit)));
    service_connection service(context, std::move(path));
    service.expires_after(limit);
    return run_blocking(context, hand_over(service, requests.letters() + '\0'));
}

} // namespace postfix_proto
