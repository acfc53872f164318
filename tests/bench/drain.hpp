/// Takes messages out of the incoming queue at a stated rate, as a queue manager that delivers.
#pragma once

#include <dirent.h>

#include <atomic>
#include <cstddef>
#include <string>
#include <thread>
#include <unordered_set>

namespace bench {

/// Moves each message that a logfile lists to drained/, from where make_queue brings it back.
/// Leaves others alone. In the current directory, $queue_directory.
class drain {
public:
    drain(const std::string& logfile, unsigned long messages_per_second);
    drain(const drain&) = delete;
    drain& operator=(const drain&) = delete;
    ~drain();

    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] bool has_all() const noexcept { return count_ == listed_.size(); }

private:
    void work(unsigned long messages_per_second);
    bool take_some(DIR* incoming, std::size_t most);

    std::unordered_set<std::string> listed_;
    std::atomic<std::size_t> count_{0};
    std::atomic<bool> is_ending_{false};
    std::thread thread_;
};

} // namespace bench
