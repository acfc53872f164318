#include "flushd/tool/send/recorded_send.hpp"

#include "flushd/core/data_file.hpp"
#include "flushd/tool/postfix/foreign_file.hpp"

#include "postfix_proto/file_io.hpp"

#include <fcntl.h>

#include <string>
#include <string_view>

namespace flushd::tool {

namespace {

// As the service writes them.
constexpr std::size_t slot_size = 512, most_slots = 1000;

bool is_locked(int fd, std::size_t offset) {
    struct flock range {};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_start = static_cast<off_t>(offset);
    range.l_len = static_cast<off_t>(slot_size);
    return ::fcntl(fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

} // namespace

send_state recorded_send(const instance& postfix, const logfile_name& file) {
    const auto directory = postfix.parameters().get("data_directory");
    const auto path =
        data_file_path(directory, postfix.parameters().get("flush_service_name"), "sends");
    const auto opened = open_foreign_file({directory, path.substr(directory.size() + 1)});
    std::string text;
    if (!opened || postfix_proto::read_at(opened.get(), 0, most_slots * slot_size, text))
        return send_state::none;
    const auto begin = std::string(file.name()) + ' ';
    auto result = send_state::none;
    for (std::size_t offset = 0; offset < text.size(); offset += slot_size) {
        if (!std::string_view(text).substr(offset).starts_with(begin))
            continue;
        if (is_locked(opened.get(), offset))
            return send_state::under_way;
        result = send_state::left_behind;
    }
    return result;
}

} // namespace flushd::tool
