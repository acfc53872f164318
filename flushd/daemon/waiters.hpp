/// Lets several coroutines wait for one result.
#pragma once

#include "postfix_proto/awaitable.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <exception>
#include <optional>

namespace flushd {

/// Suspends any number of coroutines until complete() gives all of them the same result. A timer
/// for each coroutine would cost more.
///
/// A waiting coroutine is recorded in its own frame, so waiting allocates no memory: Asio (1.74)
/// terminates the process if the start of a wait throws.
///
/// Must outlive the waiting coroutines, unless the io_context is destroyed first. Single-threaded.
template <typename Result>
class waiters {
public:
    waiters() = default;
    waiters(waiters&& other) noexcept
        : first_(std::exchange(other.first_, nullptr)), last_(std::exchange(other.last_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}
    waiters& operator=(waiters&&) = delete;
    waiters(const waiters&) = delete;
    waiters& operator=(const waiters&) = delete;
    ~waiters() {
        while (first_ != nullptr)
            static_cast<void>(take_first()); // its coroutine ends here
    }

    [[nodiscard]] boost::asio::awaitable<Result> wait() {
        node mine;
        co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                                       void(Result)>(
            [this, &mine](auto handler) {
                mine.handler.emplace(std::move(handler));
                append(mine);
            },
            boost::asio::use_awaitable);
    }

    /// Resumes all waiting coroutines, in the order in which they came, before it returns.
    void complete(const Result& result) noexcept {
        waiters all(std::move(*this)); // a resumed one may wait again, or destroy this object
        while (all.first_ != nullptr) {
            try {
                all.take_first()(result);
            } catch (const std::exception&) {
                // A coroutine's own exceptions go to its caller. This one is Asio's: it lacked the
                // memory to report that the coroutine has ended. Continue with the next one.
            }
        }
    }

    /// The same for the coroutines that came last, so that at most `most` continue to wait.
    void complete_beyond(std::size_t most, const Result& result) noexcept {
        if (size_ <= most)
            return;
        waiters stay;
        while (stay.size_ < most)
            stay.append(unlink_first());
        std::swap(first_, stay.first_);
        std::swap(last_, stay.last_);
        std::swap(size_, stay.size_);
        stay.complete(result); // after the swaps, `stay` holds the others
    }

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    using handler_type = typename boost::asio::async_result<boost::asio::use_awaitable_t<>,
                                                            void(Result)>::handler_type;
    struct node {
        std::optional<handler_type> handler;
        node* next = nullptr;
    };

    void append(node& one) noexcept {
        (last_ != nullptr ? last_->next : first_) = &one;
        last_ = &one;
        ++size_;
    }
    node& unlink_first() noexcept {
        node& one = *first_;
        first_ = std::exchange(one.next, nullptr);
        if (first_ == nullptr)
            last_ = nullptr;
        --size_;
        return one;
    }
    // The node ceases to exist as soon as its handler is called or destroyed.
    handler_type take_first() noexcept { return std::move(*unlink_first().handler); }

    node* first_ = nullptr;
    node* last_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace flushd
