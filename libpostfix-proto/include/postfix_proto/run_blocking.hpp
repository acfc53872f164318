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

/// Starts the task, has `run` turn the loop, and throws what the task throws. `run` is told whether
/// the task has ended. For the functions below.
template <typename Run>
void run_task(boost::asio::io_context& context, boost::asio::awaitable<void> task, Run run) {
    std::exception_ptr failure;
    bool has_ended = false;
    boost::asio::co_spawn(context, std::move(task), [&](const std::exception_ptr& thrown) {
        failure = thrown;
        has_ended = true;
    });
    context.restart();
    run(has_ended);
    if (failure)
        std::rethrow_exception(failure);
}

/// Keeps the task's result in `result`, which must outlive it. For the functions below.
template <typename Result>
boost::asio::awaitable<void> keep_result(boost::asio::awaitable<Result> task,
                                         std::optional<Result>& result) {
    result.emplace(co_await std::move(task));
}

/// Runs the task, and any work that it leaves behind, to the end, in a context that nothing else
/// runs. Throws what the task throws.
inline void run_blocking(boost::asio::io_context& context, boost::asio::awaitable<void> task) {
    run_task(context, std::move(task), [&](const bool&) { context.run(); });
}
/// The same for a task with a result:
///
///     boost::asio::io_context context(1);
///     flush_client client(context);
///     const auto result = run_blocking(context, client.send_site("customer.tld"));
template <typename Result>
Result run_blocking(boost::asio::io_context& context, boost::asio::awaitable<Result> task) {
    std::optional<Result> result;
    run_blocking(context, keep_result(std::move(task), result));
    return std::move(*result);
}

/// The same, but returns as soon as the task has ended: what the task leaves behind, such as the
/// timer of a connection that is kept, goes on with the next call, or never.
inline void run_until_done(boost::asio::io_context& context, boost::asio::awaitable<void> task) {
    run_task(context, std::move(task), [&](const bool& has_ended) {
        while (!has_ended)
            context.run_one();
    });
}
/// The same for a task with a result.
template <typename Result>
Result run_until_done(boost::asio::io_context& context, boost::asio::awaitable<Result> task) {
    std::optional<Result> result;
    run_until_done(context, keep_result(std::move(task), result));
    return std::move(*result);
}

} // namespace postfix_proto
