/// Starting a coroutine that nobody waits for.
#pragma once

#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/log.hpp"

#include <utility> // Boost 1.74's coroutine headers need it before them

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <functional>
#include <string_view>

namespace postfix_proto {

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
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& e) {
                log.warning("{}: {}", what, e.what());
            }
            if (on_failure)
                on_failure();
        });
}

} // namespace postfix_proto
