/// Runs operations that may wait for a disk in a second thread, so that the first one keeps serving
/// clients.
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

/// Runs one task at a time, in the order of the calls. The first task starts the thread, after the
/// process has entered its jail.
///
/// A task waits until the previous one is done, so each task should be short: split long work into
/// pieces.
///
/// Call all members in the thread that runs the io_context. Destroy the worker before the
/// io_context that its callers run in. The destructor waits for the task in progress and discards
/// the others.
class worker_thread {
public:
    worker_thread();
    worker_thread(const worker_thread&) = delete;
    worker_thread& operator=(const worker_thread&) = delete;
    ~worker_thread();

    /// Calls `task` in the other thread and resumes the caller in its own with the result; an
    /// exception is passed on. Until then the task owns everything that it refers to: the
    /// io_context's thread must not touch it. (Both may use a logger.)
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

    /// Waits for the task in progress and starts no other, then ends the thread, as fork(2)
    /// requires. Tasks that are added meanwhile wait for resume().
    [[nodiscard]] boost::asio::awaitable<void> pause();

    /// Continues after pause(), in a new thread. Throws std::system_error when no thread can be
    /// created; it may be called again then.
    void resume();

    /// Whether the worker has had a task ever since the last call and has finished none. A caller
    /// that calls it at intervals learns how long the worker has been stuck.
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
