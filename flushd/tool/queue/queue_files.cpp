#include "flushd/tool/queue/queue_files.hpp"

#include "flushd/tool/postfix/foreign_file.hpp"

#include "postfix_proto/file_io.hpp"
#include "postfix_proto/queue_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>

namespace flushd::tool {

namespace queue_name = postfix_proto::queue_name;
using postfix_proto::queue_id;

namespace {

constexpr char size_record = 'C', time_record = 'T', message_record = 'M';

std::optional<std::int64_t> leading_number(std::string_view text) {
    while (text.starts_with(' '))
        text.remove_prefix(1);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc())
        return std::nullopt;
    return number;
}

} // namespace

std::optional<queue_file_head> parse_queue_file_head(std::string_view bytes) {
    std::optional<std::int64_t> size, arrival_time;
    while (!(size && arrival_time)) {
        const auto record = postfix_proto::take_queue_file_record(bytes);
        if (!record || record->type == message_record)
            break;
        if (record->type == size_record && !size)
            size = leading_number(record->text);
        else if (record->type == time_record && !arrival_time)
            arrival_time = leading_number(record->text);
    }
    if (!size || !arrival_time)
        return std::nullopt;
    return queue_file_head{*size, *arrival_time};
}

std::optional<queue_file_head> queue_files::read_deferred(const queue_id& id) const {
    const auto file =
        open_foreign_file(foreign_path::in_queue(layout_.path(queue_name::deferred, id)));
    if (!file)
        return std::nullopt;
    constexpr std::size_t enough = 1024; // both records are in the first 200 bytes
    std::string bytes;
    if (!postfix_proto::read_at(file.get(), 0, enough, bytes))
        if (auto head = parse_queue_file_head(bytes))
            return head;
    // An unknown format of queue file. The ID is listed and the file exists, so it counts.
    struct stat status {};
    if (::fstat(file.get(), &status) < 0)
        return std::nullopt;
    return queue_file_head{status.st_size, status.st_mtim.tv_sec};
}

bool queue_files::is_on_hold(const queue_id& id) const {
    return ::access(layout_.path(queue_name::hold, id).c_str(), F_OK) == 0;
}

queue_files::location queue_files::find(const queue_id& id) const {
    struct one {
        std::string_view queue;
        place where;
    };
    // In the direction in which messages move, then once more from the start.
    constexpr std::array<one, 6> places = {{{queue_name::deferred, place::deferred},
                                            {queue_name::incoming, place::incoming},
                                            {queue_name::active, place::active},
                                            {queue_name::deferred, place::deferred},
                                            {queue_name::incoming, place::incoming},
                                            {"hold", place::hold}}};
    struct stat status {};
    for (const auto& [queue, where] : places)
        if (::lstat(layout_.path(queue, id).c_str(), &status) == 0)
            return {where, status.st_mtim, status.st_ctim};
    return {};
}

} // namespace flushd::tool
