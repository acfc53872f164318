#include "flushd/tool/metrics/shared_collection.hpp"

#include "postfix_proto/spawn.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace flushd::tool {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

namespace {

// A collection's time times this is how long its result is used at least.
constexpr int rest_factor = 10;

shared_collection::result call(const std::function<std::string()>& collect) {
    try {
        return {collect(), {}};
    } catch (const std::exception& error) {
        return {{}, error.what()};
    }
}

} // namespace

shared_collection::shared_collection(asio::io_context& context,
                                     std::function<std::string()> collect, collection_times times,
                                     postfix_proto::logger& log)
    : context_(context), collect_(std::move(collect)), times_(times), log_(log) {}

asio::awaitable<shared_collection::pointer> shared_collection::get() {
    if (stopped_)
        co_return nullptr;
    if (last_ && clock::now() < fresh_until_)
        co_return last_;
    if (!std::exchange(collecting_, true)) {
        last_ = nullptr;
        postfix_proto::spawn(context_, collect(), log_, "collect metrics",
                             [this] { wake_everybody(); });
    }
    asio::steady_timer patience(context_, times_.patience);
    const auto place = waiting_.insert(waiting_.end(), &patience);
    boost::system::error_code ignored;
    co_await patience.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    waiting_.erase(place);
    co_return stopped_ || collecting_ ? nullptr : last_;
}

asio::awaitable<void> shared_collection::collect() {
    const auto began = clock::now();
    auto done = co_await worker_.run([this] { return call(collect_); });
    const auto ended = clock::now();
    log_problem(done.problem);
    last_ = std::make_shared<const result>(std::move(done));
    fresh_until_ = ended + std::max<clock::duration>(times_.fresh, rest_factor * (ended - began));
    wake_everybody();
}

void shared_collection::wake_everybody() {
    collecting_ = false;
    for (auto* one : waiting_)
        one->cancel();
}

void shared_collection::log_problem(const std::string& problem) {
    if (problem != std::exchange(logged_problem_, problem) && !problem.empty() && !stopped_)
        log_.warning("{}", problem);
}

void shared_collection::stop() {
    stopped_ = true;
    for (auto* one : waiting_)
        one->cancel();
}

} // namespace flushd::tool
