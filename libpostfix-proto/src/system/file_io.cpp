#include "postfix_proto/file_io.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace postfix_proto {

namespace {

/// The result of a system call that is made again when a signal has interrupted it.
template <typename Call>
auto retried(Call call) {
    auto done = call();
    while (done < 0 && errno == EINTR)
        done = call();
    return done;
}

file_descriptor open_at(int directory, const char* path, int flags) {
    return file_descriptor(retried([&] { return ::openat(directory, path, flags, 0600); }));
}

/// `write` writes a part of what it is given, as write(2) does.
template <typename Write>
std::error_code write_parts(std::string_view bytes, Write write) {
    while (!bytes.empty()) {
        const ssize_t n = retried([&] { return write(bytes); });
        if (n <= 0)
            return n < 0 ? last_error() : std::make_error_code(std::errc::no_space_on_device);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

} // namespace

file_descriptor open_file(const std::string& path, int flags) {
    return open_at(AT_FDCWD, path.c_str(), flags);
}

file_descriptor open_without_trace(int directory, const char* path, int flags) {
    auto file = open_at(directory, path, flags | O_NOATIME);
    return !file && errno == EPERM ? open_at(directory, path, flags) : std::move(file);
}

result<std::string> read_to_end(int fd, std::size_t limit) {
    constexpr std::size_t at_least = 4096; // when its status tells no size
    struct stat status {};
    if (::fstat(fd, &status) < 0)
        return unexpected(last_error());
    const auto too_large = unexpected(std::make_error_code(std::errc::file_too_large));
    const auto size = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
    if (size > limit)
        return too_large;
    std::string text(size + 1, '\0'); // a byte more, to see the end
    std::size_t used = 0;
    for (;;) {
        const ssize_t n =
            retried([&] { return ::read(fd, text.data() + used, text.size() - used); });
        if (n < 0)
            return unexpected(last_error());
        if (n == 0)
            break;
        used += static_cast<std::size_t>(n);
        if (used > limit)
            return too_large;
        if (used == text.size()) // it grows
            text.resize(std::min(std::max(2 * used, at_least), limit + 1));
    }
    text.resize(used);
    return text;
}

result<std::string> read_whole_file(const std::string& path, std::size_t limit) {
    const auto file = open_file(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (!file)
        return unexpected(last_error());
    return read_to_end(file.get(), limit);
}

std::error_code read_at(int fd, off_t offset, std::size_t size, std::string& bytes) {
    const std::size_t before = bytes.size();
    bytes.resize(before + size);
    std::size_t done = 0;
    while (done < size) {
        const ssize_t n = retried([&] {
            return ::pread(fd, bytes.data() + before + done, size - done,
                           offset + static_cast<off_t>(done));
        });
        if (n < 0)
            return last_error();
        if (n == 0)
            break;
        done += static_cast<std::size_t>(n);
    }
    bytes.resize(before + done);
    return {};
}

std::error_code write_all(int fd, std::string_view bytes) {
    return write_parts(
        bytes, [fd](std::string_view rest) { return ::write(fd, rest.data(), rest.size()); });
}

std::error_code write_at(int fd, off_t offset, std::string_view bytes) {
    return write_parts(bytes, [&](std::string_view rest) {
        const auto done = static_cast<off_t>(bytes.size() - rest.size());
        return ::pwrite(fd, rest.data(), rest.size(), offset + done);
    });
}

std::error_code truncate(int fd, off_t size) {
    return retried([&] { return ::ftruncate(fd, size); }) < 0 ? last_error() : std::error_code();
}

} // namespace postfix_proto
