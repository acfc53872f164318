#include "postfix_proto/worker_thread.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <new>

namespace postfix_proto {

namespace asio = boost::asio;

namespace {

// How long the thread waits before it tries again to allocate memory for a completion.
constexpr std::chrono::milliseconds memory_pause{10};

/// Schedules `what`, whose copy constructor must not throw, in another thread.
template <typename Function>
void post_to(const asio::any_io_executor& there, const Function& what) {
    while (true) {
        try {
            asio::post(there, what);
            return;
        } catch (const std::bad_alloc&) {
            std::this_thread::sleep_for(memory_pause);
        }
    }
}

} // namespace

struct worker_thread::caller {
    virtual ~caller() = default;
    virtual void resume(std::exception_ptr failure) = 0;

    /// Waits until the caller that is put into `place` is resumed. `then` is called in between.
    template <typename Then>
    static asio::awaitable<void> wait(std::unique_ptr<caller>& place, Then then) {
        return asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
            [&place, then](auto handler) {
                using handler_type = std::decay_t<decltype(handler)>;
                struct suspended final : caller {
                    explicit suspended(handler_type h) : handler(std::move(h)) {}
                    void resume(std::exception_ptr failure) override {
                        std::move(handler)(std::move(failure));
                    }
                    handler_type handler;
                };
                place = std::make_unique<suspended>(std::move(handler));
                then();
            },
            asio::use_awaitable);
    }
};

struct worker_thread::job {
    std::function<void()> task;
    asio::any_io_executor executor; // the caller's
    std::unique_ptr<caller> waits{};
    std::exception_ptr failure{};
};

worker_thread::worker_thread() = default;

worker_thread::~worker_thread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable())
        thread_.join();
}

asio::awaitable<void> worker_thread::perform(std::function<void()> task) {
    if (!thread_.joinable() && !paused_)
        start();
    const auto executor = co_await asio::this_coro::executor;
    std::list<job> mine;
    mine.push_back({std::move(task), executor});
    co_await caller::wait(mine.front().waits, [this, &mine] {
        {
            const std::lock_guard lock(mutex_);
            waiting_.splice(waiting_.end(), mine);
        }
        changed_.notify_one();
    });
}

void worker_thread::start() {
    thread_ = std::thread([this] { work(); });
}

void worker_thread::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return stopping_ || paused_ || !waiting_.empty(); });
        if (stopping_)
            return;
        if (paused_)
            break;
        in_progress_.splice(in_progress_.end(), waiting_, waiting_.begin());
        const auto current = in_progress_.begin();
        lock.unlock();
        try {
            current->task();
        } catch (...) {
            current->failure = std::current_exception();
        }
        lock.lock();
        done_.splice(done_.end(), in_progress_);
        ++finished_;
        // Under the lock, which the caller takes before it continues: by then, this thread no
        // longer uses the caller's io_context.
        post_to(current->executor, [this, current] { resume_caller(current); });
    }
    lock.unlock();
    post_to(pausers_executor_, [this] { resume_pauser(); });
}

void worker_thread::resume_caller(std::list<job>::iterator finished) {
    std::list<job> done;
    {
        const std::lock_guard lock(mutex_);
        done.splice(done.end(), done_, finished);
    }
    done.front().waits->resume(done.front().failure);
}

asio::awaitable<void> worker_thread::pause() {
    pausers_executor_ = co_await asio::this_coro::executor;
    if (!thread_.joinable()) {
        paused_ = true;
        co_return;
    }
    co_await caller::wait(pauser_, [this] {
        {
            const std::lock_guard lock(mutex_);
            paused_ = true;
        }
        changed_.notify_one();
    });
}

void worker_thread::resume_pauser() {
    thread_.join(); // it is about to end
    const auto pauser = std::move(pauser_);
    pauser->resume(nullptr);
}

void worker_thread::resume() {
    paused_ = false;
    if (waiting_.empty()) // then it is started with the first thing to do
        return;
    try {
        start();
    } catch (...) {
        paused_ = true;
        throw;
    }
}

bool worker_thread::is_stuck() {
    const std::lock_guard lock(mutex_);
    const bool has_work = !waiting_.empty() || !in_progress_.empty();
    return std::exchange(finished_before_, finished_) == finished_ && has_work;
}

} // namespace postfix_proto
