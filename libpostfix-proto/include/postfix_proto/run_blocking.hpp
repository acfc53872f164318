/// Private to the library.
#pragma once

#include <utility> // Boost 1.74's coroutine headers need it before them

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>

namespace postfix_proto {

/// Runs the task, and whatever it leaves behind, to its end in a context that nobody else runs.
/// Throws what the task throws.
template <typename Result>
Result run_blocking(boost::asio::io_context& context, boost::asio::awaitable<Result> task) {
    std::exception_ptr failure;
    std::optional<Result> result;
    boost::asio::co_spawn(context, std::move(task),
                          [&](const std::exception_ptr& thrown, Result value) {
                              failure = thrown;
                              result = std::move(value);
                          });
    context.restart();
    context.run();
    if (failure)
        std::rethrow_exception(failure);
    return std::move(*result);
}

} // namespace postfix_proto
