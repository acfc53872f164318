#include "tables/read_file.hpp"

#include "postfix_proto/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace postfix_proto {

namespace {

/// Whether it is the same file with the same content, as far as one can see from outside.
bool is_unchanged(const struct stat& before, const struct stat& after) {
    return before.st_dev == after.st_dev && before.st_ino == after.st_ino &&
           before.st_size == after.st_size && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
           before.st_mtim.tv_nsec == after.st_mtim.tv_nsec;
}

int read_all(int fd, std::string& text) {
    std::size_t used = 0;
    for (;;) {
        if (used > max_file_size)
            return EFBIG;
        if (used == text.size())
            text.resize(std::max<std::size_t>(text.size() * 2, 16384));
        const ssize_t count = ::read(fd, text.data() + used, text.size() - used);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno;
        if (count == 0)
            break;
        used += static_cast<std::size_t>(count);
    }
    text.resize(used);
    return 0;
}

/// One reading. `is_stable` tells whether the path named the same unchanged file all the while.
file_text read_once(const std::string& path, bool& is_stable) {
    file_text result;
    // Without O_NONBLOCK a FIFO would hold up the start of the daemon.
    const file_descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat before {
    }, after{};
    if (file.get() < 0 || ::fstat(file.get(), &before) != 0) {
        result.error = errno;
        return result;
    }
    if (S_ISFIFO(before.st_mode)) { // it would look empty when nobody writes at the moment
        result.error = EINVAL;
        return result;
    }
    if (S_ISREG(before.st_mode) && before.st_size > 0)
        result.text.resize(std::min(static_cast<std::size_t>(before.st_size) + 1, max_file_size));
    result.error = read_all(file.get(), result.text);
    is_stable = !S_ISREG(before.st_mode) ||
                (::stat(path.c_str(), &after) == 0 && is_unchanged(before, after));
    return result;
}

} // namespace

file_text read_file(const std::string& path, std::chrono::milliseconds patience, logger& log) {
    constexpr auto pause = std::chrono::milliseconds(50);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        bool is_stable = true;
        file_text result = read_once(path, is_stable);
        if (result.error != 0 || is_stable)
            return result;
        if (std::chrono::steady_clock::now() + pause > deadline) {
            log.warning("{} keeps changing while it is read", path);
            return result;
        }
        std::this_thread::sleep_for(pause);
    }
}

} // namespace postfix_proto
