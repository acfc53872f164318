/// Starts coroutines whose completion nobody awaits, and logs their exceptions.
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

/// Logs an exception as a warning that starts with `what`; if there is no memory for that, logs
/// nothing.
void log_exception(logger& log, std::string_view what, const std::exception_ptr& failure) noexcept;

/// Runs the task without awaiting it. An exception, which would otherwise be lost, is logged as a
/// warning that starts with `what`; then `on_failure` is called, to release what the task left
/// behind. `log` must outlive the task; `what` is a literal.
void spawn(boost::asio::io_context& context, boost::asio::awaitable<void> task, logger& log,
           std::string_view what, std::function<void()> on_failure = {});

/// The same for work in hand: `work` is held until the task has ended, by an exception or not, and
/// all that it owned is gone. It is the last to go, after `on_failure` has been called.
void spawn(boost::asio::io_context& context, boost::asio::awaitable<void> task, logger& log,
           std::string_view what, work_in_hand::piece work, std::function<void()> on_failure = {});

/// How long spawn_loop() waits after an exception.
inline constexpr std::chrono::milliseconds loop_failure_pause{100};

/// Runs a loop that the program cannot do without. An exception (for example, a temporary shortage
/// of memory) is logged as in spawn(); after a pause `loop` is called again, until it returns. If
/// even that is impossible, the io_context's run() throws the exception, which should end the
/// program. `log` must outlive the loop; `what` is a literal.
void spawn_loop(boost::asio::io_context& context,
                std::function<boost::asio::awaitable<void>()> loop, logger& log,
                std::string_view what);

} // namespace postfix_proto
