#include "flushd/core/send_history.hpp"

#include "flushd/core/data_file.hpp"

#include "postfix_proto/file_io.hpp"

#include <fcntl.h>

#include <algorithm>
#include <utility>

namespace flushd {

using postfix_proto::read_at;
using postfix_proto::write_at;

namespace {

constexpr std::size_t most_waiting = 100;

off_t offset_of(std::uint64_t number) {
    return static_cast<off_t>(number % send_history::most_records * send_record_size);
}

bool set_lock(int fd, short type) {
    // Of the open file: a process that has forked keeps it.
    struct flock range {};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    return ::fcntl(fd, F_OFD_SETLK, &range) == 0;
}

} // namespace

std::string send_history::path(const std::string& data_directory, const std::string& service_name) {
    return data_file_path(data_directory, service_name, "history");
}

std::error_code send_history::open(const std::string& path, const std::string& user) {
    auto opened = open_data_file(path, user);
    if (!opened)
        return opened.error();
    file_ = *std::move(opened);
    return {};
}

void send_history::add(send_record record) {
    if (!file_)
        return;
    waiting_.push_back(std::move(record));
    save();
    if (waiting_.size() > most_waiting)
        waiting_.pop_front();
}

void send_history::save() {
    if (waiting_.empty() || !set_lock(file_.get(), F_WRLCK))
        return;
    write_waiting();
    set_lock(file_.get(), F_UNLCK);
}

void send_history::write_waiting() {
    while (!waiting_.empty()) {
        auto& record = waiting_.front();
        record.number = next_number();
        if (record.number == 0 ||
            write_at(file_.get(), offset_of(record.number), format_send_record(record)))
            return;
        next_ = record.number + 1;
        waiting_.pop_front();
    }
}

/// 0 when the file cannot be read.
std::uint64_t send_history::next_number() {
    std::string text;
    if (next_ == 0) {
        if (read_at(file_.get(), 0, longest_file, text))
            return 0;
        const auto records = parse_send_history(text);
        next_ = records.empty() ? 1 : records.back().number + 1;
    }
    // Another process may have written since. Ends, because each record raises the number once.
    while (true) {
        text.clear();
        if (read_at(file_.get(), offset_of(next_), send_record_size, text))
            return 0;
        const auto there = parse_send_record(text);
        if (!there || there->number < next_)
            return next_;
        next_ = there->number + 1;
    }
}

std::vector<send_record> parse_send_history(std::string_view content) {
    std::vector<send_record> result;
    while (!content.empty()) {
        const auto slot = content.substr(0, send_record_size);
        content.remove_prefix(slot.size());
        if (auto record = parse_send_record(slot))
            result.push_back(*std::move(record));
    }
    std::stable_sort(result.begin(), result.end(),
                     [](const auto& a, const auto& b) { return a.number < b.number; });
    return result;
}

} // namespace flushd
