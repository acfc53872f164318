/// Coroutines that wait for one result.
#pragma once

#include <utility> // Boost 1.74's coroutine headers need it before them

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <type_traits>
#include <vector>

namespace flushd {

/// Holds up any number of coroutines until complete() gives all of them the same result. A timer
/// for each would do the same for more.
///
/// Must outlive those who wait, unless the io_context goes first. Single-threaded.
template <typename Result>
class waiters {
public:
    [[nodiscard]] boost::asio::awaitable<Result> wait() {
        return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Result)>(
            [this](auto handler) {
                using handler_type = std::decay_t<decltype(handler)>;
                waiting_.push_back(std::make_unique<one<handler_type>>(std::move(handler)));
            },
            boost::asio::use_awaitable);
    }

    /// Resumes all who wait now, in the order in which they came, before it returns.
    void complete(const Result& result) {
        for (const auto& waiter : std::exchange(waiting_, {}))
            waiter->resume(result);
    }

    [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

private:
    struct any {
        virtual ~any() = default;
        virtual void resume(const Result& result) = 0;
    };
    template <typename Handler>
    struct one final : any {
        explicit one(Handler h) : handler(std::move(h)) {}
        void resume(const Result& result) override { std::move(handler)(result); }
        Handler handler;
    };

    std::vector<std::unique_ptr<any>> waiting_;
};

} // namespace flushd
