/// Runs an asynchronous operation and blocks until it is done, for programs that have nothing else
/// to do.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>

namespace postfix_proto {

/// What the two below have in common: starts the task, has `run` turn the loop, and returns the
/// task's result or throws what it throws. `run` is told whether there is a result.
template <typename Result, typename Run>
Result run_task(boost::asio::io_context& context, boost::asio::awaitable<Result> task, Run run) {
    std::exception_ptr failure;
    std::optional<Result> result;
    boost::asio::co_spawn(context, std::move(task),
                          [&](const std::exception_ptr& thrown, Result value) {
                              failure = thrown;
                              result = std::move(value);
                          });
    context.restart();
    run(result);
    if (failure)
        std::rethrow_exception(failure);
    return std::move(*result);
}

/// Runs the task, and any work that it leaves behind, to the end, in a context that nothing else
/// runs. Throws what the task throws.
///
///     boost::asio::io_context context(1);
///     flush_client client(context);
///     const auto result = run_blocking(context, client.send_site("customer.tld"));
template <typename Result>
Result run_blocking(boost::asio::io_context& context, boost::asio::awaitable<Result> task) {
    return run_task(context, std::move(task), [&](const auto&) { context.run(); });
}

/// The same, but returns as soon as there is a result: what the task leaves behind, such as the
/// timer of a connection that is kept, goes on with the next call, or never.
template <typename Result>
Result run_until_done(boost::asio::io_context& context, boost::asio::awaitable<Result> task) {
    return run_task(context, std::move(task), [&](const auto& result) {
        while (!result)
            context.run_one();
    });
}

} // namespace postfix_proto
