#include "tables/file_lock.hpp"

#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace postfix_proto {

shared_file_lock::shared_file_lock(int fd, std::chrono::milliseconds patience)
    : fd_(fd), error_(0) {
    using std::chrono::steady_clock;
    constexpr steady_clock::duration pause = std::chrono::milliseconds(10);
    const auto deadline = steady_clock::now() + patience;
    while (::flock(fd_, LOCK_SH | LOCK_NB) != 0) {
        error_ = errno;
        const auto remaining = deadline - steady_clock::now();
        const bool is_worth_trying = error_ == EINTR || error_ == EWOULDBLOCK;
        if (!is_worth_trying || remaining <= steady_clock::duration::zero())
            return;
        std::this_thread::sleep_for(std::min(pause, remaining));
    }
    error_ = 0;
}

shared_file_lock::~shared_file_lock() {
    if (error_ == 0)
        ::flock(fd_, LOCK_UN);
}

} // namespace postfix_proto
