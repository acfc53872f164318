/// A second thread for what may wait for a disk, so that the first one goes on serving clients.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>

namespace postfix_proto {

/// Does one thing at a time, in the order in which it was asked. The thread is started with the
/// first of them, after the process has entered its jail.
///
/// Everybody's turn comes only when the thing before is done, so each should be short: long work is
/// cut into pieces.
///
/// All members are for the thread that runs the io_context. Must be destroyed before the
/// io_context that its callers run in; what is being done is waited for, what was not begun is not
/// done.
class worker_thread {
public:
    worker_thread();
    worker_thread(const worker_thread&) = delete;
    worker_thread& operator=(const worker_thread&) = delete;
    ~worker_thread();

    /// Calls `task` in the other thread and resumes the caller in its own with the result; an
    /// exception is passed on. Until then the task owns what it refers to: the io_context's thread
    /// must leave that alone. (A logger may be used by both.)
    template <typename Task>
    [[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Task&>> run(Task task) {
        using result = std::invoke_result_t<Task&>;
        if constexpr (std::is_void_v<result>) {
            co_await perform([&task] { task(); });
        } else {
            std::optional<result> told;
            co_await perform([&task, &told] { told.emplace(task()); });
            co_return std::move(*told);
        }
    }

    /// Has the thing in progress finished and begins no other; then there is no thread any more, as
    /// fork(2) wants it. What is asked for meanwhile waits for resume().
    [[nodiscard]] boost::asio::awaitable<void> pause();

    /// Goes on after pause(), in a thread of its own. Throws std::system_error when there can be
    /// none; try again.
    void resume();

    /// Whether it has had something to do since it was last asked, and has finished nothing. Who
    /// asks in intervals learns how long it has been stuck.
    [[nodiscard]] bool is_stuck();

private:
    struct caller; // who is to be resumed
    struct job;

    boost::asio::awaitable<void> perform(std::function<void()> task);
    void start();
    void work();
    void resume_caller(std::list<job>::iterator finished);
    void resume_pauser();

    std::mutex mutex_; // of what follows, up to the thread
    std::condition_variable changed_;
    std::list<job> waiting_;
    std::list<job> in_progress_; // one at most
    std::list<job> done_;        // their callers are about to be resumed
    bool paused_ = false;
    bool stopping_ = false;
    std::uint64_t finished_ = 0; // how many jobs
    std::thread thread_;
    std::unique_ptr<caller> pauser_;
    boost::asio::any_io_executor pausers_executor_;
    std::uint64_t finished_before_ = 0; // when is_stuck() was last called
};

} // namespace postfix_proto
