/// Asynchronous work for a program that has nothing else to do.
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
///
///     boost::asio::io_context context(1);
///     flush_client client(context);
///     const auto result = run_blocking(context, client.send_site("customer.tld"));
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

/// The same, but returns as soon as there is a result: what the task leaves behind, such as the
/// timer of a connection that is kept, goes on with the next call, or never.
template <typename Result>
Result run_until_done(boost::asio::io_context& context, boost::asio::awaitable<Result> task) {
    std::exception_ptr failure;
    std::optional<Result> result;
    boost::asio::co_spawn(context, std::move(task),
                          [&](const std::exception_ptr& thrown, Result value) {
                              failure = thrown;
                              result = std::move(value);
                          });
    context.restart();
    while (!result)
        context.run_one();
    if (failure)
        std::rethrow_exception(failure);
    return std::move(*result);
}

} // namespace postfix_proto
