#include "flushd/tool/screen/slow_notice.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace flushd::tool {

slow_notice::slow_notice(std::string what, std::chrono::milliseconds after,
                         std::chrono::milliseconds interval)
    : thread_([this, what = std::move(what), after, interval] {
          const auto begin = std::chrono::steady_clock::now();
          auto next = begin + after;
          std::unique_lock lock(mutex_);
          while (!changed_.wait_until(lock, next, [this] { return is_over_; })) {
              const auto passed = std::chrono::duration_cast<std::chrono::seconds>(
                  std::chrono::steady_clock::now() - begin);
              fmt::print(stderr, "flushd: {}: {} s so far\n", what, passed.count());
              next += interval;
          }
      }) {}

slow_notice::~slow_notice() {
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

} // namespace flushd::tool
