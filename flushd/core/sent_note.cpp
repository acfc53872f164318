#include "flushd/core/sent_note.hpp"

#include <fmt/format.h>

#include <sys/xattr.h>

#include <cerrno>
#include <charconv>

namespace flushd {

namespace {

/// The name of the extended attribute. Its value is seconds and nanoseconds since 1970.
constexpr const char* sent_attribute = "user.flushd.sent";

postfix_proto::unexpected<std::error_code> error(int number) {
    return postfix_proto::unexpected(std::error_code(number, std::generic_category()));
}

} // namespace

void note_sent(int fd, const timespec& time) noexcept {
    char text[64];
    const auto end = fmt::format_to_n(text, sizeof text, "{}.{:09}", time.tv_sec, time.tv_nsec);
    static_cast<void>(::fsetxattr(fd, sent_attribute, text, end.size, 0));
}

postfix_proto::result<timespec> sent_time(int fd) {
    char text[64] = {};
    const auto size = ::fgetxattr(fd, sent_attribute, text, sizeof text - 1);
    if (size < 0)
        return error(errno);
    // The owner of the file may have written anything.
    timespec result{};
    const char* const end = text + size;
    const auto seconds = std::from_chars(text, end, result.tv_sec);
    if (seconds.ec != std::errc() || seconds.ptr == end || *seconds.ptr != '.')
        return error(EINVAL);
    const auto fraction = std::from_chars(seconds.ptr + 1, end, result.tv_nsec);
    if (fraction.ec != std::errc() || fraction.ptr != end || result.tv_nsec < 0 ||
        result.tv_nsec >= 1'000'000'000)
        return error(EINVAL);
    return result;
}

} // namespace flushd
