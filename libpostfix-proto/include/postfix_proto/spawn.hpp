/// Starting coroutines that nobody waits for.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/work_in_hand.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <string_view>

namespace postfix_proto {

/// Logs an exception as a warning that starts with `what`; without the memory for that, not.
void log_exception(logger& log, std::string_view what, const std::exception_ptr& failure) noexcept;

/// Runs the task on its own. An exception, which would vanish otherwise, is logged as a warning
/// that starts with `what`; `on_failure` is called then, to let go of what the task left behind.
/// `log` must outlive the task; `what` is a literal.
void spawn(boost::asio::io_context& context, boost::asio::awaitable<void> task, logger& log,
           std::string_view what, std::function<void()> on_failure = {});

/// The same for work in hand: `work` is held until the task has ended, by an exception or not, and
/// all that it owned is gone. It is the last to go, after `on_failure` has been called.
void spawn(boost::asio::io_context& context, boost::asio::awaitable<void> task, logger& log,
           std::string_view what, work_in_hand::piece work, std::function<void()> on_failure = {});

/// How long spawn_loop() waits after an exception.
inline constexpr std::chrono::milliseconds loop_failure_pause{100};

/// Runs a loop without which the program is of no use. An exception (a passing shortage of memory,
/// say) is logged like spawn()'s, and after a moment `loop` is called anew, until it returns. Where
/// not even that is possible the exception comes out of the io_context's run(), and should end the
/// program. `log` must outlive the loop; `what` is a literal.
void spawn_loop(boost::asio::io_context& context,
                std::function<boost::asio::awaitable<void>()> loop, logger& log,
                std::string_view what);

} // namespace postfix_proto
