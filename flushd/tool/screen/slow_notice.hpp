/// Tells the operator which operation is taking long.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace flushd::tool {

/// Writes "flushd: WHAT: N s so far" to standard error during its lifetime, first after `after`,
/// then every `interval`.
class slow_notice {
public:
    explicit slow_notice(std::string what,
                         std::chrono::milliseconds after = std::chrono::seconds(2),
                         std::chrono::milliseconds interval = std::chrono::seconds(10));
    slow_notice(const slow_notice&) = delete;
    slow_notice& operator=(const slow_notice&) = delete;
    ~slow_notice();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_over_ = false;
    std::thread thread_;
};

} // namespace flushd::tool
