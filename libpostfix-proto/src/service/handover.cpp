// Implements how master_service hands over to a new process, when master(8) would start none as
// long as this process lives.
#include "postfix_proto/errors.hpp"
#include "postfix_proto/file_watch.hpp"
#include "postfix_proto/master_channel.hpp"
#include "postfix_proto/master_service.hpp"
#include "postfix_proto/spawn.hpp"
#include "postfix_proto/watchdog.hpp"
#include "postfix_proto/worker_thread.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <cerrno>
#include <exception>

namespace postfix_proto {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Most work is finished by then, so there is no need to fork.
constexpr std::chrono::milliseconds patience{100};
// The pause after a failed attempt.
constexpr std::chrono::seconds retry_pause{1};
// The worker does its work in pieces of milliseconds. A disk that delays it for this long delays
// the clients, too, which deserves a warning.
constexpr std::chrono::seconds long_for_a_worker{1};

asio::awaitable<void> sleep(asio::steady_timer& timer, std::chrono::milliseconds how_long) {
    timer.expires_after(how_long);
    error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

} // namespace

asio::awaitable<void> master_service::hand_over() {
    asio::steady_timer timer(context_);
    co_await sleep(timer, patience);
    // If all work is finished meanwhile, run() returns, and this is not resumed.
    for (bool has_warned = false; !handed_over_; has_warned = true) {
        co_await pause_workers();
        const auto failure = go_on_in_child();
        co_await resume_workers();
        if (!failure)
            break;
        if (!has_warned)
            log_.warning("fork: {} -- other clients wait until the work in hand is done",
                         errno_text(failure));
        co_await sleep(timer, retry_pause);
    }
}

/// Waits until no other thread does any work. A thread that is blocked in the kernel cannot be left
/// behind: the parent would not end.
asio::awaitable<void> master_service::pause_workers() {
    asio::steady_timer late(context_);
    late.expires_after(long_for_a_worker);
    late.async_wait([this](const error_code& cancelled) {
        if (!cancelled)
            log_.warning("the disk is slow: other clients wait until the worker thread is done");
    });
    for (auto* const worker : workers_)
        co_await worker->pause();
}

asio::awaitable<void> master_service::resume_workers() {
    asio::steady_timer timer(context_);
    for (auto* const worker : workers_) {
        while (true) {
            std::exception_ptr failure;
            try {
                worker->resume();
                break;
            } catch (...) { // cannot start a thread
                failure = std::current_exception();
            }
            log_exception(log_, "worker thread", failure);
            co_await sleep(timer, retry_pause);
        }
    }
}

/// Returns 0 in the child, or an errno value if there is none. The parent exits: the child owns all
/// of its objects now, and no buffer has unwritten output.
int master_service::go_on_in_child() {
    const auto before = ::getpid();
    if (dog_ != nullptr)
        dog_->stop();
    context_.notify_fork(asio::io_context::fork_prepare);
    const auto child = ::fork();
    if (child > 0)
        ::_exit(0);
    const int failure = child < 0 ? errno : 0;
    try {
        context_.notify_fork(failure != 0 ? asio::io_context::fork_parent
                                          : asio::io_context::fork_child);
        if (dog_ != nullptr)
            dog_->start();
    } catch (...) { // an event loop that gets no events
        log_exception(log_, "after fork", std::current_exception());
        ::_exit(1);
    }
    if (failure == 0) {
        forget_master();
        handed_over_ = true;
        log_.info("process {} has ended so that another can start; this process finishes its work "
                  "in hand: {}",
                  before, work_.count());
    }
    return failure;
}

void master_service::forget_master() {
    error_code ignored;
    status_pipe_.close(ignored);
    inotify_.close(ignored);
    if (files_ != nullptr)
        files_->close();
    master_.forget();
    close_master_descriptors();
}

} // namespace postfix_proto
