#include "postfix_proto/spawn.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace postfix_proto {

namespace {

boost::asio::awaitable<void> run_loop(boost::asio::steady_timer pause,
                                      std::function<boost::asio::awaitable<void>()> loop,
                                      logger& log, std::string_view what) {
    while (true) {
        std::exception_ptr failure;
        try {
            co_await loop();
            co_return;
        } catch (...) {
            failure = std::current_exception();
        }
        log_exception(log, what, failure);
        pause.expires_after(loop_failure_pause);
        boost::system::error_code ignored;
        co_await pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }
}

/// Asio destroys the task before it calls this.
class report_failure {
public:
    report_failure(logger& log, std::string_view what, std::function<void()> on_failure)
        : log_(log), what_(what), on_failure_(std::move(on_failure)) {}

    void operator()(const std::exception_ptr& failure) const {
        if (!failure)
            return;
        log_exception(log_, what_, failure);
        if (on_failure_)
            on_failure_();
    }

private:
    logger& log_;
    std::string_view what_;
    std::function<void()> on_failure_;
};

} // namespace

void log_exception(logger& log, std::string_view what, const std::exception_ptr& failure) noexcept {
    try {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& e) {
            log.warning("{}: {}", what, e.what());
        }
    } catch (...) { // there is no way to report it
    }
}

void spawn(boost::asio::io_context& context, boost::asio::awaitable<void> task, logger& log,
           std::string_view what, std::function<void()> on_failure) {
    boost::asio::co_spawn(context, std::move(task),
                          report_failure(log, what, std::move(on_failure)));
}

void spawn(boost::asio::io_context& context, boost::asio::awaitable<void> task, logger& log,
           std::string_view what, work_in_hand::piece work, std::function<void()> on_failure) {
    boost::asio::co_spawn(
        context, std::move(task),
        [report = report_failure(log, what, std::move(on_failure)),
         until_done = std::move(work)](const std::exception_ptr& failure) { report(failure); });
}

void spawn_loop(boost::asio::io_context& context,
                std::function<boost::asio::awaitable<void>()> loop, logger& log,
                std::string_view what) {
    boost::asio::co_spawn(context,
                          run_loop(boost::asio::steady_timer(context), std::move(loop), log, what),
                          [](const std::exception_ptr& failure) {
                              if (failure)
                                  std::rethrow_exception(failure);
                          });
}

} // namespace postfix_proto
