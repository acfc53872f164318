/// Starting coroutines that nobody waits for.
#pragma once

#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/log.hpp"

#include <utility> // Boost 1.74's coroutine headers need it before them

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <string_view>

namespace postfix_proto {

/// Logs an exception as a warning that starts with `what`; without the memory for that, not.
inline void log_exception(logger& log, std::string_view what,
                          const std::exception_ptr& failure) noexcept {
    try {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& e) {
            log.warning("{}: {}", what, e.what());
        }
    } catch (...) { // there is nobody left to tell
    }
}

/// Runs the task on its own. An exception, which would vanish otherwise, is logged as a warning
/// that starts with `what`; `on_failure` is called then, to let go of what the task left behind.
/// `log` must outlive the task; `what` is a literal.
inline void spawn(boost::asio::io_context& context, boost::asio::awaitable<void> task, logger& log,
                  std::string_view what, std::function<void()> on_failure = {}) {
    boost::asio::co_spawn(
        context, std::move(task),
        [&log, what, on_failure = std::move(on_failure)](const std::exception_ptr& failure) {
            if (!failure)
                return;
            log_exception(log, what, failure);
            if (on_failure)
                on_failure();
        });
}

/// How long spawn_loop() waits after an exception.
inline constexpr std::chrono::milliseconds loop_failure_pause{100};

/// What spawn_loop() runs.
inline boost::asio::awaitable<void> run_loop(boost::asio::steady_timer pause,
                                             std::function<boost::asio::awaitable<void>()> loop,
                                             logger& log, std::string_view what) {
    while (true) {
        std::exception_ptr failure;
        try {
            co_await loop();
            co_return;
        } catch (...) {
            failure = std::current_exception();
        }
        log_exception(log, what, failure);
        pause.expires_after(loop_failure_pause);
        boost::system::error_code ignored;
        co_await pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }
}

/// Runs a loop without which the program is of no use. An exception (a passing shortage of memory,
/// say) is logged like spawn()'s, and after a moment `loop` is called anew, until it returns. Where
/// not even that is possible the exception comes out of the io_context's run(), and should end the
/// program. `log` must outlive the loop; `what` is a literal.
inline void spawn_loop(boost::asio::io_context& context,
                       std::function<boost::asio::awaitable<void>()> loop, logger& log,
                       std::string_view what) {
    boost::asio::co_spawn(context,
                          run_loop(boost::asio::steady_timer(context), std::move(loop), log, what),
                          [](const std::exception_ptr& failure) {
                              if (failure)
                                  std::rethrow_exception(failure);
                          });
}

} // namespace postfix_proto
