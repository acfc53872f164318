#include "flushd/core/file_io.hpp"

#include <unistd.h>

#include <cerrno>

namespace flushd {

namespace {

std::error_code last_error() { return {errno, std::generic_category()}; }

} // namespace

std::error_code read_at(int fd, off_t offset, std::size_t size, std::string& bytes) {
    const std::size_t before = bytes.size();
    bytes.resize(before + size);
    std::size_t done = 0;
    while (done < size) {
        const ssize_t n = ::pread(fd, bytes.data() + before + done, size - done,
                                  offset + static_cast<off_t>(done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return last_error();
        if (n == 0)
            break;
        done += static_cast<std::size_t>(n);
    }
    bytes.resize(before + done);
    return {};
}

std::error_code write_at(int fd, off_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? last_error() : std::make_error_code(std::errc::no_space_on_device);
        bytes.remove_prefix(static_cast<std::size_t>(n));
        offset += n;
    }
    return {};
}

std::error_code truncate(int fd, off_t size) {
    while (::ftruncate(fd, size) < 0)
        if (errno != EINTR)
            return last_error();
    return {};
}

} // namespace flushd
