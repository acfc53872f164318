#include "tables/read_file.hpp"

#include "postfix_proto/file_io.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>
#include <utility>

namespace postfix_proto {

namespace {

/// Whether it is the same file with the same content, as far as its status shows.
bool is_unchanged(const struct stat& before, const struct stat& after) {
    return before.st_dev == after.st_dev && before.st_ino == after.st_ino &&
           before.st_size == after.st_size && same_time(before.st_mtim, after.st_mtim);
}

struct reading {
    std::string text;
    bool is_stable = true; // the path named the same unchanged file all the while
};

result<reading> read_once(const std::string& path) {
    // Without O_NONBLOCK a FIFO would hold up the start of the daemon.
    const file_descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat before {
    }, after{};
    if (!file || ::fstat(file.get(), &before) != 0)
        return unexpected(last_error());
    if (S_ISFIFO(before.st_mode)) // it would look empty when nobody writes at the moment
        return unexpected(std::make_error_code(std::errc::invalid_argument));
    auto text = read_to_end(file.get(), max_file_size);
    if (!text)
        return unexpected(text.error());
    const bool is_stable = !S_ISREG(before.st_mode) ||
                           (::stat(path.c_str(), &after) == 0 && is_unchanged(before, after));
    return reading{*std::move(text), is_stable};
}

} // namespace

result<std::string> read_file(const std::string& path, std::chrono::milliseconds patience,
                              logger& log) {
    constexpr auto pause = std::chrono::milliseconds(50);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        auto once = read_once(path);
        if (!once)
            return unexpected(once.error());
        if (once->is_stable)
            return std::move(once->text);
        if (std::chrono::steady_clock::now() + pause > deadline) {
            log.warning("{} keeps changing while it is read", path);
            return std::move(once->text);
        }
        std::this_thread::sleep_for(pause);
    }
}

} // namespace postfix_proto
