#include "flushd/daemon/recipient_count.hpp"

#include "flushd/core/words.hpp"

#include "postfix_proto/file_descriptor.hpp"
#include "postfix_proto/file_io.hpp"
#include "postfix_proto/queue_file.hpp"

#include <fcntl.h>

#include <algorithm>

namespace flushd {

namespace {

constexpr std::size_t head_size = 128; // the record has 97 bytes

// A count that nobody has: of a file that is damaged.
constexpr std::size_t most_recipients = 10'000'000;

} // namespace

std::size_t recipient_count_in(std::string_view head) {
    const auto record = postfix_proto::take_queue_file_record(head);
    if (!record || record->type != 'C')
        return 1;
    auto columns = record->text;
    std::string_view column;
    for (int i = 0; i < 3; ++i) {
        columns.remove_prefix(std::min(columns.find_first_not_of(' '), columns.size()));
        column = take_word(columns);
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
