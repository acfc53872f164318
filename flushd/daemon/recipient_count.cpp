#include "flushd/daemon/recipient_count.hpp"

#include "flushd/core/words.hpp"

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/file_io.hpp"

#include <fcntl.h>

#include <algorithm>

namespace flushd {

namespace {

constexpr std::size_t head_size = 64;

// A count that nobody has: of a file that is damaged.
constexpr std::size_t most_recipients = 10'000'000;

} // namespace

std::size_t recipient_count_in(std::string_view head) {
    // A type, a length of one byte as long as it is below 128, and columns with blanks between.
    if (head.size() < 2 || head[0] != 'C' || (static_cast<unsigned char>(head[1]) & 0x80U) != 0)
        return 1;
    const auto length = static_cast<unsigned char>(head[1]);
    head = head.substr(2, length);
    std::string_view column;
    for (int i = 0; i < 3; ++i) {
        const auto begin = head.find_first_not_of(' ');
        if (begin == std::string_view::npos)
            return 1;
        head.remove_prefix(begin);
        const auto end = std::min(head.find(' '), head.size());
        column = head.substr(0, end);
        head.remove_prefix(end);
    }
    return std::clamp<std::size_t>(whole_number<std::size_t>(column).value_or(1), 1,
                                   most_recipients);
}

std::size_t recipient_count(const std::string& path) {
    const postfix_proto::file_descriptor file(
        ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file)
        return 0;
    std::string head;
    if (postfix_proto::read_at(file.get(), 0, head_size, head))
        return 1;
    return recipient_count_in(head);
}

} // namespace flushd
