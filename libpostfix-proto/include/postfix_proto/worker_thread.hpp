/// A second thread for what may wait for a disk, so that the first one goes on serving clients.
#pragma once

#include "postfix_proto/boost_version.hpp"

#include <utility> // Boost 1.74's coroutine headers need it before them

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <type_traits>

namespace postfix_proto {

/// Does one thing at a time, in the order in which it was asked. The thread is started with the
/// first of them, after the process has entered its jail.
///
/// Everybody's turn comes only when the thing before is done, so each should be short: long work is
/// cut into pieces.
///
/// Must be destroyed before the io_context that its callers run in; what is being done is waited
/// for.
class worker_thread {
public:
    /// Calls `task` in the other thread and resumes the caller in its own with the result; an
    /// exception is passed on. Until then the task owns what it refers to: the io_context's thread
    /// must leave that alone. (A logger may be used by both.)
    template <typename Task>
    [[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Task&>> run(Task task) {
        namespace asio = boost::asio;
        using result = std::invoke_result_t<Task&>;
        if (!thread_)
            thread_.emplace(1);
        if constexpr (std::is_void_v<result>) {
            co_await asio::co_spawn(*thread_, call(task), asio::use_awaitable);
        } else {
            std::optional<result> told;
            const auto keep = [&] { told.emplace(task()); };
            co_await asio::co_spawn(*thread_, call(keep), asio::use_awaitable);
            co_return std::move(*told);
        }
    }

private:
    template <typename Task>
    static boost::asio::awaitable<void, boost::asio::thread_pool::executor_type> call(Task& task) {
        task();
        co_return;
    }

    std::optional<boost::asio::thread_pool> thread_;
};

} // namespace postfix_proto
