/// Collects metrics once for everybody who asks within some seconds.
#pragma once

#include "postfix_proto/awaitable.hpp"
#include "postfix_proto/boost_version.hpp"
#include "postfix_proto/log.hpp"
#include "postfix_proto/worker_thread.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>

namespace flushd::tool {

/// The times of a shared_collection.
struct collection_times {
    /// How long a result is used again. A collection that took long is used for ten times that, so
    /// that a large queue costs at most a tenth of a processor however often somebody asks.
    std::chrono::milliseconds fresh = std::chrono::seconds(10);
    /// How long a client waits for a collection in progress, which goes on without it.
    std::chrono::milliseconds patience = std::chrono::minutes(1);
};

/// Runs a slow function in a thread of its own, at most once at a time. All members are called in
/// the thread of the io_context, which must outlive this object.
class shared_collection {
public:
    /// What a collection has come to.
    struct result {
        std::string text;    ///< the metrics, if there is no problem
        std::string problem; ///< why there are none, else empty
    };
    using pointer = std::shared_ptr<const result>;

    /// `collect` runs in the other thread. An exception becomes the problem, which is logged once
    /// and again when it changes.
    shared_collection(boost::asio::io_context& context, std::function<std::string()> collect,
                      collection_times times, postfix_proto::logger& log);

    /// The last result, if it is fresh; else one that was begun after the call or shortly before.
    /// Null if it takes too long, or after stop().
    [[nodiscard]] boost::asio::awaitable<pointer> get();

    /// Lets everybody who waits go with nothing. The function is not interrupted.
    void stop();

private:
    [[nodiscard]] boost::asio::awaitable<void> collect();
    void wake_everybody();
    void log_problem(const std::string& problem);

    boost::asio::io_context& context_;
    std::function<std::string()> collect_;
    collection_times times_;
    postfix_proto::logger& log_;
    postfix_proto::worker_thread worker_;
    std::list<boost::asio::steady_timer*> waiting_; // those of get() in progress
    std::chrono::steady_clock::time_point fresh_until_{};
    pointer last_;
    std::string logged_problem_;
    bool collecting_ = false;
    bool stopped_ = false;
};

} // namespace flushd::tool
